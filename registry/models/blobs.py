"""The one content-addressed store of file bytes."""

from __future__ import annotations

from django.db import models

from registry.models.accounts import Namespace, User

SHA256_LENGTH = 64


class Blob(models.Model):
    """File content by sha256. The bytes lie in the `blobs` storage at `storage_name`."""

    sha256 = models.CharField(max_length=SHA256_LENGTH, primary_key=True)
    size = models.BigIntegerField(help_text="Bytes.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def storage_name(self) -> str:
        return f"{self.sha256[:2]}/{self.sha256[2:4]}/{self.sha256}"


class BlobUpload(models.Model):
    """Which namespace has itself sent this content. Only then, or with a readable revision that
    contains it, may a commit name it: knowing a hash gives nothing."""

    blob = models.ForeignKey(Blob, on_delete=models.CASCADE, related_name="uploads")
    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["blob", "namespace"], name="blob_upload_once")
        ]

    def __str__(self) -> str:
        return f"{self.blob} by {self.namespace}"
