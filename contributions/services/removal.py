"""Deleting a repository together with what nobody has relied on yet."""

from __future__ import annotations

from django.db import transaction

from contributions.models import Run, Submission
from registry.models import Repository, User
from registry.services import repositories


@transaction.atomic
def delete_repository(repository: Repository, *, actor: User) -> None:
    """Checks of pushes go with it. A track, a review or a release keeps it (Conflict)."""
    mere_checks = Submission.objects.filter(
        repository=repository, track=None, reviews=None, release_patches=None
    )
    Run.objects.filter(submission__in=mere_checks).delete()
    mere_checks.delete()
    repositories.delete(repository, actor=actor)
