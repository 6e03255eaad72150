"""The only hand that moves a protected main: a run's product becomes a commit there."""

from __future__ import annotations

from collections.abc import Sequence

from contributions.models import Track
from contributions.services import inputs
from registry.models import Revision, User
from registry.services import commits, refs
from registry.services.commits import CopyFrom, DeleteFile, Operation


def head(track: Track) -> Revision:
    """The commit that main is at."""
    return commits.resolve(track.repository)


def take(
    track: Track,
    product: str,
    *,
    author: User,
    title: str,
    message: str = "",
    also: Sequence[Operation] = (),
) -> Revision:
    """Commit to main the model files by which the revision `product` differs from it.

    The product is the second parent: the history leads to the run that made it.
    """
    repository, current = track.repository, head(track)
    before = inputs.tree(repository, current.oid)
    after = {file.path: file for file in inputs.tree(repository, product)}
    models = {file.path for file in [*before, *after.values()] if file.is_model}
    changed = [path for path in inputs.changed_paths(before, after.values()) if path in models]
    operations: list[Operation] = [
        CopyFrom(path, path, product) if path in after else DeleteFile(path) for path in changed
    ]
    return commits.commit(
        repository,
        ref=refs.head(repository.default_branch),
        author=author,
        title=title,
        message=message,
        operations=[*operations, *also],
        parent=current.oid,
        merged=product,
    )


def digest(track: Track, revision: str) -> str:
    return inputs.model_digest(inputs.tree(track.repository, revision))
