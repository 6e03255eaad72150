"""Discussions and pull requests: one number sequence per repository, as on the Hub."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.models import Repository, User
from registry.models.choices import Choices


class DiscussionStatus(Choices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")
    MERGED = "merged", _("Merged")


class Discussion(models.Model):
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="discussions")
    num = models.PositiveIntegerField()
    title = models.CharField(max_length=255)
    is_pull_request = models.BooleanField(default=False)
    status = models.CharField(
        max_length=8, choices=DiscussionStatus.choices, default=DiscussionStatus.OPEN
    )
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="discussions")
    base_branch = models.CharField(max_length=255, blank=True, help_text="refs/heads/main")
    base_oid = models.CharField(max_length=40, blank=True, help_text="Base revision of a PR.")
    merge_oid = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-num"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "num"], name="discussion_number_once")
        ]
        indexes = [
            models.Index(
                fields=["repository"],
                condition=models.Q(status__in=["open", "draft"]),
                name="discussion_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.repository}#{self.num} {self.title}"

    def get_absolute_url(self) -> str:
        return f"{self.repository.get_absolute_url()}/discussions/{self.num}"

    @property
    def ref(self) -> str:
        return f"refs/pr/{self.num}"


class DiscussionEventKind(Choices):
    COMMENT = "comment", _("Comment")
    COMMIT = "commit", _("Commit")
    STATUS = "status-change", _("Status")
    TITLE = "title-change", _("Title")


class DiscussionEvent(models.Model):
    """One entry of a thread. `data` has the shape that the Hub's clients parse."""

    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=16, choices=DiscussionEventKind.choices)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    hidden = models.BooleanField(default=False)
    edited_at = models.DateTimeField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} on {self.discussion}"
