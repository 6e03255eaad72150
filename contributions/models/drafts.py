"""Offers that are being prepared in the browser."""

from __future__ import annotations

import datetime as dt

from django.db import models

from contributions.models.discussions import Discussion
from registry.models import Blob, Repository, User


class OfferDraft(models.Model):
    """A pull request that is still being put together: saved at each step, gone when sent."""

    KEPT_FOR = dt.timedelta(days=30)

    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="offer_drafts")
    repository = models.ForeignKey(
        Repository, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    title = models.CharField(max_length=255, blank=True)
    description = models.TextField(blank=True)
    # Answers of the steps: kind, folder, licence, recipe, privacy, track.
    answers = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    sent_as = models.OneToOneField(
        Discussion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return self.title or f"draft {self.pk}"

    def get_absolute_url(self) -> str:
        return f"/submit/{self.pk}"


class DraftFile(models.Model):
    """One file of a draft. `sha256` is what the browser computed; `blob` is what has arrived."""

    draft = models.ForeignKey(OfferDraft, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=1024)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    blob = models.ForeignKey(
        Blob, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    received = models.BigIntegerField(default=0, help_text="Bytes that have arrived so far.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "path"], name="draft_file_once")]

    def __str__(self) -> str:
        return self.path
