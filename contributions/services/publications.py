"""Publications: what goes to a Hub, and the record of every step.

The publish worker moves the bytes (`workers/publisher.py`); here are the plan and the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone

from contributions.models import (
    Publication,
    PublicationStatus,
    PublicationStep,
    Release,
    ReleasePatch,
    ReleaseStatus,
    RunKind,
    StepStatus,
    Submission,
)
from contributions.services import hub_tokens, publication_card, reviews, runs, status
from registry.models import Repository, User
from registry.services import access, commits, events, objects
from registry.services.errors import Conflict, Forbidden, Invalid

STEPS = ("collect", "repository", "upload", "verify", "record")
_REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def publish(
    release: Release, *, actor: User, endpoint: str, repo_id: str = "", private: bool = False
) -> Publication:
    """Ask for a release to be published, or go on with a publication that failed.

    Safe to repeat: a finished publication is verified again and changes nothing.
    """
    repository = release.track.repository
    endpoint = hub_tokens.clean_endpoint(endpoint)
    repo_id = repo_id or repository.full_name
    _refuse(release, actor=actor, endpoint=endpoint, repo_id=repo_id)
    with transaction.atomic():
        publication, created = Publication.objects.select_for_update().get_or_create(
            release=release,
            endpoint=endpoint,
            repo_id=repo_id,
            defaults={"requested_by": actor, "private": private},
        )
        if publication.runs.active().exists():
            return publication
        for position, name in enumerate(STEPS):
            PublicationStep.objects.update_or_create(
                publication=publication,
                name=name,
                defaults={"position": position, "status": StepStatus.WAITING},
            )
        Publication.objects.filter(pk=publication.pk).update(
            status=PublicationStatus.QUEUED, reason=""
        )
        runs.enqueue(
            kind=RunKind.PUBLISH,
            contributor=actor,
            track=release.track,
            release=release,
            publication=publication,
            plan={"publication": publication.pk},
            head_revision=release.revision,
        )
        events.record(
            "publication.requested" if created else "publication.repeated",
            actor=actor,
            repository=repository,
            subject=f"publication:{publication.pk}",
            data={"endpoint": endpoint, "repo_id": repo_id, "release": release.number},
        )
    publication.refresh_from_db()
    return publication


def preview(
    release: Release, *, actor: User, endpoint: str, repo_id: str, private: bool = False
) -> dict[str, Any]:
    """The plan of a publication before it is asked for; refused as that would be."""
    endpoint = hub_tokens.clean_endpoint(endpoint)
    _refuse(release, actor=actor, endpoint=endpoint, repo_id=repo_id)
    asked = Publication(release=release, endpoint=endpoint, repo_id=repo_id, private=private)
    return plan(asked)


def refuse_stranger(release: Release, *, actor: User) -> None:
    repository = release.track.repository
    if not (access.is_maintainer(actor, repository) or actor.is_operator):
        raise Forbidden(
            f"{actor.username} may not publish {repository.full_name}",
            where="publication",
            next="ask a maintainer of the repository or an operator",
        )


def _refuse(release: Release, *, actor: User, endpoint: str, repo_id: str) -> None:
    repository = release.track.repository
    refuse_stranger(release, actor=actor)
    if release.status != ReleaseStatus.RELEASED or not release.revision:
        raise Conflict(
            f"{release} is {ReleaseStatus(release.status).english}, not released",
            where="publication",
            next="publish it when its release has finished",
        )
    _refuse_uncleared(release)
    if not _REPO_ID.fullmatch(repo_id):
        raise Invalid(
            f"“{repo_id[:100]}” is not a repository id",
            where="repo_id",
            next="give it as namespace/name",
        )
    _refuse_place_of_another(repository, endpoint, repo_id)
    if not hub_tokens.exists(repository.namespace, endpoint=endpoint):
        raise Conflict(
            f"no token is stored for publishing {repository.namespace.name} to {endpoint}",
            where="publication",
            next="store one on the page where the release is published, or with "
            f"manage.py hub_token {repository.namespace.name} {endpoint}",
        )


def _refuse_uncleared(release: Release) -> None:
    """A release holds its base and all that earlier releases merged: every key must still stand."""
    for submission, head in _parts(release):
        if reversed_keys := reviews.missing_keys(submission, head=head):
            raise Conflict(
                f"the {' and '.join(reversed_keys)} key of submission {submission.pk}, which "
                f"is part of {release}, was turned back",
                where="publication",
                next="let a reviewer clear it again",
            )


def _parts(release: Release) -> Iterator[tuple[Submission, str]]:
    """What the release is made of, each with the head that was approved."""
    made = Release.objects.filter(
        track=release.track, status=ReleaseStatus.RELEASED, number__lte=release.number
    )
    first = Submission.objects.filter(repository=release.track.repository, discussion=None).first()
    base = made.filter(number=0).first()
    if base is not None and (before := _made_as(base.base_revision, release)) is not None:
        yield from _parts(before)
    elif first is not None and base is not None:
        yield first, base.base_revision
    patches = ReleasePatch.objects.filter(release__in=made, admitted=True)
    for patch in patches.select_related("submission__track").order_by("pk"):
        yield patch.submission, patch.head_revision


def _made_as(revision: str, release: Release) -> Release | None:
    """The release of an earlier track of the same model that a track started from."""
    earlier = Release.objects.released().exclude(track=release.track)
    return earlier.filter(track__repository=release.track.repository, revision=revision).first()


def _refuse_place_of_another(repository: Repository, endpoint: str, repo_id: str) -> None:
    """A token is a namespace's: its repositories must not overwrite each other on the Hub."""
    others = Publication.objects.filter(endpoint=endpoint, repo_id__iexact=repo_id)
    other = others.exclude(release__track__repository=repository).first()
    if other is not None:
        raise Conflict(
            f"{repo_id} on {endpoint} holds what another repository of this site published",
            where="repo_id",
            next="publish to another repository id",
        )


def plan(publication: Publication) -> dict[str, Any]:
    """What the remote repository is to hold. Refused when a key was turned back since it was
    asked for.

    `files`: `{path, size, sha256 (large files) or "", oid}` of the released revision;
    `generated`: path → text made here; `remove`: paths an earlier publication of ours left there.
    """
    release = publication.release
    _refuse_uncleared(release)
    repository = release.track.repository
    generated = publication_card.generate(publication)
    revision = commits.resolve(repository, release.revision)
    entries = objects.ls_tree(repository, revision.oid, "", recursive=True)
    files = [
        {
            "path": entry.path,
            "size": entry.size,
            "sha256": entry.lfs.sha256 if entry.lfs else "",
            "oid": entry.oid,
        }
        for entry in entries
        if entry.kind == "file" and entry.path not in generated and entry.path != ".gitattributes"
    ]
    kept = {file["path"] for file in files} | set(generated)
    return {
        "endpoint": publication.endpoint,
        "repo_id": publication.repo_id,
        "private": publication.private,
        "message": f"Release {release.number} of {release.track.name}",
        "description": f"Revision {release.revision} of {repository.full_name}.",
        "files": files,
        "generated": generated,
        "remove": sorted(_published_before(publication) - kept),
    }


def _published_before(publication: Publication) -> set[str]:
    details = PublicationStep.objects.filter(
        publication__endpoint=publication.endpoint,
        publication__repo_id=publication.repo_id,
        name="upload",
        status=StepStatus.DONE,
    ).values_list("detail", flat=True)
    return {path for detail in details for path in detail.get("files", [])}


@transaction.atomic
def begin_step(publication_id: int, name: str) -> None:
    PublicationStep.objects.filter(publication=publication_id, name=name).update(
        status=StepStatus.RUNNING, started_at=timezone.now(), finished_at=None, detail={}
    )
    Publication.objects.filter(pk=publication_id).update(
        status=PublicationStatus.PUBLISHING, reason=""
    )


@transaction.atomic
def finish_step(publication_id: int, name: str, detail: dict[str, Any]) -> None:
    PublicationStep.objects.filter(publication=publication_id, name=name).update(
        status=StepStatus.DONE, finished_at=timezone.now(), detail=detail
    )


@transaction.atomic
def postpone(publication_id: int, *, reason: str) -> None:
    """The step at work will be tried again by itself; say meanwhile what stands in its way."""
    PublicationStep.objects.filter(publication=publication_id, status=StepStatus.RUNNING).update(
        status=StepStatus.WAITING, detail={"error": reason}
    )
    Publication.objects.filter(pk=publication_id).update(
        status=PublicationStatus.QUEUED, reason=reason
    )


@transaction.atomic
def fail(publication_id: int, *, reason: str) -> None:
    """The step at work failed. Steps done stay done; repeating the publication goes on."""
    PublicationStep.objects.filter(publication=publication_id, status=StepStatus.RUNNING).update(
        status=StepStatus.FAILED, finished_at=timezone.now(), detail={"error": reason}
    )
    Publication.objects.filter(pk=publication_id).update(
        status=PublicationStatus.FAILED, reason=reason
    )


@transaction.atomic
def complete(publication_id: int, *, remote_commit: str) -> Publication:
    """Everything is there and verified: record the remote commit and tell everybody concerned."""
    publication = Publication.objects.select_for_update().get(pk=publication_id)
    first_time = publication.published_at is None
    publication.status = PublicationStatus.PUBLISHED
    publication.reason = ""
    publication.remote_commit = remote_commit
    publication.published_at = publication.published_at or timezone.now()
    publication.save()
    finish_step(publication_id, "record", {"remote_commit": remote_commit})
    events.record(
        "publication.done" if first_time else "publication.verified",
        actor=publication.requested_by,
        repository=publication.release.track.repository,
        subject=f"publication:{publication.pk}",
        data={"remote_commit": remote_commit, "url": publication.url},
    )
    for patch in publication.release.patches.filter(admitted=True).select_related("submission"):
        status.project(patch.submission)
    return publication
