"""The only hand that moves a protected main: a run's product becomes a commit there."""

from __future__ import annotations

from collections.abc import Sequence

from contributions.models import Release, Track, TrackStatus
from contributions.services import inputs
from registry.models import Repository, Revision, User
from registry.services import commits, refs
from registry.services.commits import CopyFrom, DeleteFile, Operation
from registry.services.errors import Conflict


def head(track: Track) -> Revision:
    """The commit that main is at."""
    return commits.resolve(track.repository)


def is_release(repository: Repository, oid: str) -> bool:
    """Whether a release of any of its tracks made this commit, so that its parts had their keys."""
    return Release.objects.released().filter(track__repository=repository, revision=oid).exists()


def moved(track: Track, base: str) -> str:
    """Who moved main away from `base`, in words; empty while it is still there."""
    current = head(track)
    if current.oid == base:
        return ""
    branch = track.repository.default_branch
    return (
        f"{branch} of {track.repository} has moved from {base[:10]} to {current.oid[:10]} "
        f"(“{current.title}”)"
    )


def take(
    track: Track,
    product: str,
    *,
    onto: str,
    author: User,
    title: str,
    message: str = "",
    also: Sequence[Operation] = (),
) -> Revision:
    """Commit to main the model files by which the revision `product` differs from it.

    `onto`: the revision that the product was made from. If main is elsewhere, what was put there
    meanwhile would be undone, so it is refused.
    The product is the second parent: the history leads to the run that made it.
    """
    if elsewhere := moved(track, onto):
        raise Conflict(elsewhere, where=f"track {track}", next="start again from main as it is")
    repository, current = track.repository, head(track)
    before = inputs.tree(repository, current.oid)
    after = {file.path: file for file in inputs.tree(repository, product)}
    models = {file.path for file in [*before, *after.values()] if file.is_model}
    changed = [path for path in inputs.changed_paths(before, after.values()) if path in models]
    operations: list[Operation] = [
        CopyFrom(path, path, product) if path in after else DeleteFile(path) for path in changed
    ]
    revision = commits.commit(
        repository,
        ref=refs.head(repository.default_branch),
        author=author,
        title=title,
        message=message,
        operations=[*operations, *also],
        parent=current.oid,
        merged=product,
    )
    _tell_others(track, title)
    return revision


def _tell_others(track: Track, title: str) -> None:
    """Tracks of the same model whose base is main no more."""
    others = Track.objects.filter(repository=track.repository_id, status=TrackStatus.OPEN)
    others.exclude(pk=track.pk).update(
        status_reason=f"“{title}” moved main away from the base of this track, so that it makes no "
        "further release. A new track starts from main as it is."
    )


def digest(track: Track, revision: str) -> str:
    return inputs.model_digest(inputs.tree(track.repository, revision))
