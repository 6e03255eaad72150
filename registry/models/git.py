"""Git objects, revisions, refs and changed paths, stored as rows.

Object ids are true git SHA-1 ids in 40 hex digits, so a clone reports the ids that the API does.
"""

from __future__ import annotations

from django.db import models

from registry.models.accounts import User
from registry.models.blobs import Blob
from registry.models.repositories import Repository

OID_LENGTH = 40


class ObjectKind(models.TextChoices):
    COMMIT = "commit"
    TREE = "tree"
    BLOB = "blob"


class GitObject(models.Model):
    """One git object, stored once whichever repositories hold it.

    Knowing an id gives nothing: reading goes through a `Revision` of a repository that the
    caller may see. A blob too large for a row keeps its bytes in `content`.
    """

    oid = models.CharField(max_length=OID_LENGTH, primary_key=True)
    kind = models.CharField(max_length=6, choices=ObjectKind.choices)
    size = models.BigIntegerField(help_text="Bytes of the object's payload.")
    data = models.BinaryField(null=True, help_text="Payload without git's header.")
    content = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(data__isnull=False) ^ models.Q(content__isnull=False),
                name="git_object_has_one_payload",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.oid}"


class Revision(models.Model):
    """A commit as one repository holds it. Immutable; what is measured or reviewed hangs here."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="revisions")
    oid = models.CharField(max_length=OID_LENGTH)
    tree = models.CharField(max_length=OID_LENGTH)
    parents = models.JSONField(default=list, help_text="Commit ids, first parent first.")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="revisions")
    title = models.CharField(max_length=500)
    message = models.TextField(blank=True)
    created_at = models.DateTimeField()
    # First-parent distance from the root: orders a history without walking it.
    generation = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "oid"], name="revision_once")]
        indexes = [models.Index(fields=["oid"])]

    def __str__(self) -> str:
        return f"{self.oid[:10]} {self.title}"

    @property
    def parent(self) -> str | None:
        return self.parents[0] if self.parents else None


class Ref(models.Model):
    """A branch, tag, pull request head or hidden run artifact; moved by compare-and-swap only."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="refs")
    name = models.CharField(max_length=255, help_text="Full name: refs/heads/main, refs/pr/3.")
    oid = models.CharField(max_length=OID_LENGTH)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "name"], name="ref_once")]
        # Which pull requests have this head already.
        indexes = [models.Index(fields=["repository", "oid"], name="ref_by_commit")]

    def __str__(self) -> str:
        return f"{self.name} → {self.oid[:10]}"

    @property
    def short_name(self) -> str:
        for prefix in ("refs/heads/", "refs/tags/"):
            if self.name.startswith(prefix):
                return self.name.removeprefix(prefix)
        return self.name


class PathChange(models.Model):
    """One changed path of one revision against its first parent.

    Answers "last commit of this path", diffs, and "which revisions contain this content".
    """

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="changes")
    path = models.CharField(max_length=1024)
    oid = models.CharField(max_length=OID_LENGTH, blank=True, help_text="Empty: path removed.")
    size = models.BigIntegerField(default=0, help_text="Bytes of the file, not of its pointer.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of large-file content.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["revision", "path"], name="path_change_once")
        ]
        indexes = [models.Index(fields=["sha256"], condition=~models.Q(sha256=""), name="by_sha")]

    def __str__(self) -> str:
        return self.path
