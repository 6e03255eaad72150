"""Reviews: the keys that people turn."""

from __future__ import annotations

import pgtrigger
from django.db import models

from contributions.models.submissions import Submission
from registry.models import Role, User


class Key(models.TextChoices):
    LICENCE = "licence"
    PRIVACY = "privacy"
    TECHNICAL = "technical"

    @property
    def role(self) -> Role:
        return Role(f"{self.value}-reviewer")


class Decision(models.TextChoices):
    APPROVE = "approve", "approved"
    REJECT = "reject", "rejected"
    CHANGES = "changes", "changes requested"
    INFO = "info", "asked for information"
    # Takes an earlier decision of the same key back; only until publication.
    REVERSE = "reverse", "reversed"


class Review(models.Model):
    """One decision of one key on one revision. Append-only; the latest per key counts."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="reviews")
    key = models.CharField(max_length=12, choices=Key.choices)
    decision = models.CharField(max_length=8, choices=Decision.choices)
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reviews")
    revision = models.CharField(max_length=40, help_text="The head that was looked at.")
    reason_code = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.decision} by {self.reviewer}"
