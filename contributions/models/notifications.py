"""What people are told, and how they want to be told."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from contributions.models.submissions import Submission
from registry.models import Repository, User
from registry.models.choices import Choices


class NotificationKind(Choices):
    FINISHED = "finished", _("a run of yours finished")
    FAILED = "failed", _("a run of yours failed, or a check refused it")
    DECISION = "decision", _("a reviewer decided on your submission")
    QUESTION = "question", _("a reviewer asks you something")
    DEADLINE = "deadline", _("an answer of yours is due soon")
    ANSWER = "answer", _("somebody answered your question")
    COMMENT = "comment", _("somebody commented where you take part")
    RELEASE = "release", _("a release took or refused your submission")
    PUBLICATION = "publication", _("a release with your work was published")
    INVITATION = "invitation", _("somebody invited you to an organisation")
    REVIEW_DUE = "review-due", _("a review that you claimed is due soon")


class MailChoice(Choices):
    OFF = "off", _("no mail")
    NOW = "now", _("at once")
    DIGEST = "digest", _("once a day")


class Notification(models.Model):
    """One line of a person's centre. `mail` is what was wished when it was made.

    The row is the outbox too: `mail_after` is a lease while it is sent and a pause after a
    failure, so that no two processes send it and none is lost.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=16, choices=NotificationKind.choices)
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    url = models.CharField(max_length=500)
    submission = models.ForeignKey(
        Submission, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    # Whoever may no longer see it may no longer read of it.
    repository = models.ForeignKey(
        Repository, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    # The same news told twice is one line: "submission:17:failed:<head>".
    about = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mail = models.CharField(max_length=8, choices=MailChoice.choices, default=MailChoice.OFF)
    mailed_at = models.DateTimeField(null=True, blank=True)
    mail_after = models.DateTimeField(null=True, blank=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    # False: it is kept for its mail alone, and counts as read.
    in_app = models.BooleanField(default=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["user", "about"], name="notification_once")]
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_centre"),
            models.Index(
                fields=["user"], condition=models.Q(read_at=None), name="notification_unread"
            ),
            models.Index(
                fields=["mail", "id"],
                condition=models.Q(mailed_at=None) & ~models.Q(mail="off"),
                name="notification_outbox",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user}"


class NotificationChoice(models.Model):
    """Differs from the default of its kind only where a person chose so."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notification_choices")
    kind = models.CharField(max_length=16, choices=NotificationKind.choices)
    in_app = models.BooleanField(default=True)
    mail = models.CharField(max_length=8, choices=MailChoice.choices, default=MailChoice.NOW)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="notification_choice_once")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind} {self.mail}"


class NewsCursor(models.Model):
    """Up to which event a reader of the trail has read."""

    name = models.CharField(max_length=32, unique=True)
    event_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.event_id}"
