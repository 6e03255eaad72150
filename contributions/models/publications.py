"""Publications: a release sent to a Hub, step by step, safe to repeat."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from contributions.models.releases import Release
from registry.models import Namespace, User
from registry.models.choices import Choices


class HubToken(models.Model):
    """Write access to a Hub namespace. Write-only: encrypted with a key from the settings that
    only the publish worker and the command that stores it need."""

    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="hub_tokens")
    endpoint = models.URLField()
    ciphertext = models.BinaryField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "namespace", Lower("endpoint"), name="hub_token_once_per_endpoint"
            )
        ]

    def __str__(self) -> str:
        return f"{self.namespace} at {self.endpoint}"


class PublicationStatus(Choices):
    QUEUED = "queued", _("Queued")
    PUBLISHING = "publishing", _("Publishing")
    PUBLISHED = "published", _("Published")
    FAILED = "failed", _("Failed")


class Publication(models.Model):
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="publications")
    endpoint = models.URLField()
    repo_id = models.CharField(max_length=200)
    private = models.BooleanField(default=False)
    status = models.CharField(
        max_length=12, choices=PublicationStatus.choices, default=PublicationStatus.QUEUED
    )
    reason = models.TextField(blank=True)
    remote_commit = models.CharField(max_length=40, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["release", "endpoint", "repo_id"], name="publication_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.release} → {self.repo_id}"

    @property
    def url(self) -> str:
        return f"{self.endpoint}/{self.repo_id}"


class StepStatus(Choices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class PublicationStep(models.Model):
    """One step with what it did; a repeated publication goes on at the first one not done."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=32)
    status = models.CharField(max_length=8, choices=StepStatus.choices, default=StepStatus.WAITING)
    detail = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "name"], name="publication_step_once")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.status}"
