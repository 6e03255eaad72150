"""File bytes: received as a stream, verified, and only then given their name.

A blob's file exists under its sha256 or not at all: bytes are hashed while they are written to a
temporary name, and renamed last.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import models, transaction

from registry.models import Blob, BlobUpload, Gating, Namespace, PathChange, Repository, User
from registry.services import access
from registry.services.errors import Invalid, NotFound, TooLarge

CHUNK_BYTES = 1 << 20


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


@dataclasses.dataclass(frozen=True)
class Received:
    """Verified bytes in a temporary file, not yet in the store."""

    path: Path
    sha256: str
    size: int


def storage() -> Storage:
    return storages["blobs"]


def incoming() -> Path:
    """Where bytes wait until they are verified: beside the store, so that a rename is enough."""
    store = storage()
    root = Path(store.path("incoming")) if isinstance(store, FileSystemStorage) else None
    folder = root or Path(tempfile.gettempdir()) / "commonweight-incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def receive(
    stream: Readable, *, sha256: str | None = None, size: int | None = None
) -> Iterator[Received]:
    """Spool `stream` to disk while hashing it. Holds no database connection and one chunk."""
    limit = settings.MAX_FILE_BYTES if size is None else min(size, settings.MAX_FILE_BYTES)
    if size is not None and size > limit:
        raise _too_large(size)
    handle, name = tempfile.mkstemp(dir=incoming(), prefix="upload-")
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            digest, received = _copy(stream, out, limit, exact=size is not None)
        _verify(digest, received, sha256=sha256, size=size)
        yield Received(path, digest, received)
    finally:
        path.unlink(missing_ok=True)


def _copy(stream: Readable, out: BinaryIO, limit: int, *, exact: bool) -> tuple[str, int]:
    digest, received = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        received += len(chunk)
        if received > limit:
            if exact:
                raise Invalid(f"More bytes arrived than the {limit} that were announced.")
            raise _too_large(received)
        digest.update(chunk)
        out.write(chunk)
    out.flush()
    os.fsync(out.fileno())
    return digest.hexdigest(), received


def _too_large(size: int) -> TooLarge:
    return TooLarge(
        f"The file of {size} bytes is larger than {settings.MAX_FILE_BYTES} bytes.",
        next="Split it into smaller files (for weights: max_shard_size).",
    )


def _verify(digest: str, received: int, *, sha256: str | None, size: int | None) -> None:
    if size is not None and received != size:
        raise Invalid(
            f"{received} bytes arrived, {size} were announced. Nothing was stored.",
            next="Send the file again.",
        )
    if sha256 is not None and digest != sha256.lower():
        raise Invalid(
            f"The bytes have the SHA-256 {digest}, not the announced {sha256}. Nothing was stored.",
            next="Send the file again.",
        )


def keep(received: Received, *, user: User, namespace: Namespace | None = None) -> Blob:
    """Put verified bytes into the store and note who sent them."""
    with transaction.atomic():
        blob = keep_content(received)
        record_upload(blob, user=user, namespace=namespace)
    return blob


def keep_content(received: Received) -> Blob:
    """Put verified bytes into the store without giving anybody a right to name them."""
    _rename(received)
    blob, _ = Blob.objects.get_or_create(sha256=received.sha256, defaults={"size": received.size})
    return blob


def _rename(received: Received) -> None:
    store, name = storage(), Blob(sha256=received.sha256).storage_name
    if isinstance(store, FileSystemStorage):
        target = Path(store.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        received.path.chmod(0o644)
        received.path.replace(target)
    elif not store.exists(name):
        with received.path.open("rb") as file:
            store.save(name, File(file))


def store(
    stream: Readable,
    *,
    sha256: str | None = None,
    size: int | None = None,
    user: User,
    namespace: Namespace | None = None,
) -> Blob:
    """Receive and keep. `sha256` and `size`, where given, must be what arrives."""
    with receive(stream, sha256=sha256, size=size) as received:
        return keep(received, user=user, namespace=namespace)


def open_blob(blob: Blob) -> BinaryIO:
    """The bytes, positioned at the start; has a real file number on local storage."""
    store = storage()
    try:
        if isinstance(store, FileSystemStorage):
            return Path(store.path(blob.storage_name)).open("rb")
        return cast(BinaryIO, store.open(blob.storage_name, "rb"))
    except FileNotFoundError as missing:
        raise NotFound(
            f"The bytes of {blob.sha256} are missing from the store.",
            next="Tell the operator: the storage and the database do not agree.",
        ) from missing


def record_upload(blob: Blob, *, user: User, namespace: Namespace | None = None) -> None:
    """`namespace`: whose upload it counts as; the user's own, unless they may write there."""
    counted = user.namespace
    if namespace is not None and access.may_write_in(user, namespace):
        counted = namespace
    BlobUpload.objects.get_or_create(blob=blob, namespace=counted, defaults={"user": user})


def usable(
    digests: Iterable[str], *, user: User, namespace: Namespace | None = None
) -> dict[str, int]:
    """Sha256 → size of those contents that the user may name without sending them.

    That is: uploaded by their own account (or by `namespace`, if they may write there), or part
    of a revision whose files they may read. Knowing a hash gives nothing.
    """
    wanted = {digest.lower() for digest in digests}
    accounts = {user.namespace_id}
    if namespace is not None and access.may_write_in(user, namespace):
        accounts.add(namespace.pk)
    sent = BlobUpload.objects.filter(blob_id__in=wanted, namespace_id__in=accounts)
    readable = Repository.objects.visible_to(user).filter(
        models.Q(gated=Gating.OFF)
        | models.Q(namespace__user=user)
        | models.Q(namespace__organisation__memberships__user=user)
        | models.Q(maintainers__user=user)
    )
    seen = PathChange.objects.filter(
        sha256__in=wanted, revision__repository__in=readable.values("pk")
    )
    known = set(sent.values_list("blob_id", flat=True))
    known |= set(seen.values_list("sha256", flat=True).distinct())
    return dict(Blob.objects.filter(pk__in=known).values_list("sha256", "size"))


def may_use(sha256: str, *, user: User, namespace: Namespace | None = None) -> bool:
    return sha256.lower() in usable([sha256], user=user, namespace=namespace)
