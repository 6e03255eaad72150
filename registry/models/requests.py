"""Requests that a client may send twice and that are done once."""

from __future__ import annotations

import datetime as dt

from django.db import models

from registry.models.accounts import User


class IdempotentRequest(models.Model):
    """The answer to a request that carried an `Idempotency-Key`, given again to its repetition."""

    KEPT_FOR = dt.timedelta(hours=24)

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    # Empty while the first request is still being answered.
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.JSONField(null=True, blank=True)
    location = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="request_once")]

    def __str__(self) -> str:
        return f"{self.key} of {self.user}"
