"""What was taken out of circulation, by whom and why."""

from __future__ import annotations

from django.db import models

from registry.models.accounts import User
from registry.models.repositories import Repository


class Quarantine(models.Model):
    """While one is open its repository is disabled: nobody but its owners sees it."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="quarantines")
    reason = models.TextField()
    placed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(auto_now_add=True)
    lifted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_because = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "quarantine"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["repository"],
                condition=models.Q(lifted_at=None),
                name="quarantine_once_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"quarantine of {self.repository}"
