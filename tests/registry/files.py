"""Putting files into a repository without the protocol's write face."""

from __future__ import annotations

import io


def put(repository, author, files, *, ref="refs/heads/main", title="Add files", **options):
    """`files`: path → bytes; a value of `("lfs", bytes)` becomes a large file, None deletes."""
    from registry.services import blobs, commits

    operations = []
    for path, content in files.items():
        if content is None:
            operations.append(commits.DeleteFile(path))
        elif isinstance(content, tuple):
            blob = blobs.store(io.BytesIO(content[1]), user=author)
            operations.append(commits.AddLfsFile(path, blob.sha256))
        else:
            operations.append(commits.AddFile(path, content))
    return commits.commit(
        repository, ref=ref, author=author, title=title, operations=operations, **options
    )
