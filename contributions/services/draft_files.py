"""Files of a draft: announced with size and SHA-256, received in parts, verified, kept.

What arrived stays when the connection or the page goes, so that only the rest is sent again. A
file that the author may name anyway (registry.services.blobs.usable) is not sent at all.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from contributions.models import DraftFile, OfferDraft
from registry.services import blobs, multipart, paths
from registry.services.blobs import Readable
from registry.services.errors import Conflict, Invalid, NotFound, ServiceError, TooLarge

PART_BYTES = 8_000_000
MOST_PARTS = 1000
MOST_FILES = 1000
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Announced:
    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Refused:
    path: str
    error: ServiceError


def most_bytes() -> int:
    """Of all files of a draft together."""
    return 2 * int(settings.MAX_FILE_BYTES)


@transaction.atomic
def announce(
    draft: OfferDraft, wanted: Sequence[Announced]
) -> tuple[list[DraftFile], list[Refused]]:
    """The rows of those that may come, and why the others may not."""
    draft = _open(draft)
    refused: list[Refused] = []
    fit: dict[str, Announced] = {}
    for file in wanted:
        try:
            _fit(draft, file)
            fit[file.path] = file
        except ServiceError as error:
            refused.append(Refused(file.path[:200], error))
    there = {row.path: row for row in draft.files.filter(path__in=fit)}
    _refuse_too_many(draft, [file for path, file in fit.items() if path not in there])
    repository = draft.repository
    have = blobs.usable(
        (file.sha256 for file in fit.values()),
        user=draft.author,
        namespace=repository.namespace if repository else None,
    )
    rows = [_row(draft, file, there.get(path), have) for path, file in fit.items()]
    draft.save(update_fields=["updated_at"])
    return rows, refused


def _fit(draft: OfferDraft, file: Announced) -> None:
    if not _SHA256.fullmatch(file.sha256):
        raise Invalid("This is not a SHA-256.", where=file.path[:200])
    if file.size < 0 or file.size > settings.MAX_FILE_BYTES:
        raise TooLarge(
            f"{file.path[:200]} has {file.size} bytes; {settings.MAX_FILE_BYTES} are allowed.",
            where=file.path[:200],
            next="Split it into smaller files (for weights: max_shard_size).",
        )
    paths.checked(target(draft, file.path))


def _refuse_too_many(draft: OfferDraft, new: Sequence[Announced]) -> None:
    if not new:
        return
    if draft.files.count() + len(new) > MOST_FILES:
        raise TooLarge(
            f"More than {MOST_FILES} files.",
            where="files",
            next="Pack examples into .parquet files, or use hf upload.",
        )
    total = draft.files.aggregate(sum=Sum("size"))["sum"] or 0
    if total + sum(file.size for file in new) > most_bytes():
        raise TooLarge(
            f"All files together have more than {most_bytes()} bytes.",
            where="files",
            next="Use hf upload for so much.",
        )


def _row(
    draft: OfferDraft, file: Announced, row: DraftFile | None, have: dict[str, int]
) -> DraftFile:
    if row is not None and (row.sha256, row.size) == (file.sha256, file.size) and row.blob_id:
        return row
    if row is None:
        row = DraftFile(draft=draft, path=file.path)
    elif (row.sha256, row.size) != (file.sha256, file.size):
        forget(row)
    row.sha256, row.size = file.sha256, file.size
    row.blob_id = file.sha256 if have.get(file.sha256) == file.size else None
    row.received = file.size if row.blob_id else min(row.received, file.size)
    row.save()
    if file.size == 0 and row.blob_id is None:
        _keep(row, io.BytesIO(b""))
    return row


def target(draft: OfferDraft, path: str) -> str:
    """Its place in the repository."""
    folder = draft.answers.get("folder", "")
    return f"{folder}/{path}" if folder else path


# --- parts ------------------------------------------------------------------------------------


def part_bytes(file: DraftFile) -> int:
    return max(PART_BYTES, -(-file.size // MOST_PARTS))


def part_count(file: DraftFile) -> int:
    return -(-file.size // part_bytes(file))


def arrived(file: DraftFile) -> list[int]:
    """Numbers of the parts that need not be sent again."""
    return [] if file.blob_id else sorted(multipart.arrived(_upload(file)))


def put_part(file: DraftFile, number: int, stream: Readable) -> DraftFile:
    """Holds no transaction while bytes stream."""
    if file.blob_id is not None:
        return file
    if not 1 <= number <= part_count(file):
        raise Invalid(f"{file.path} has no part {number}.", where=file.path)
    size = _size_of(file, number)
    multipart.put_part(_upload(file), number, stream, size=size)
    received = sum(_size_of(file, there) for there in multipart.arrived(_upload(file)))
    DraftFile.objects.filter(pk=file.pk, blob=None).update(received=received)
    file.received = received
    return file


def complete(file: DraftFile) -> DraftFile:
    """All parts are joined, hashed and, if they are what was announced, kept."""
    if file.blob_id is not None:
        return file
    found = multipart.arrived(_upload(file))
    absent = [number for number in range(1, part_count(file) + 1) if number not in found]
    if absent:
        raise Conflict(
            f"Parts of {file.path} are missing: {', '.join(map(str, absent[:20]))}.",
            where=file.path,
            next="Send them, then complete it again.",
        )
    try:
        with multipart.joined(_upload(file), {n: found[n] for n in sorted(found)}) as stream:
            _keep(file, stream)
    except Invalid:
        forget(file)
        DraftFile.objects.filter(pk=file.pk).update(received=0)
        raise
    return file


def receive_whole(draft: OfferDraft, path: str, stream: Readable) -> DraftFile:
    """A file that a form without scripts sent; its SHA-256 is what arrives."""
    paths.checked(target(draft, path))
    with blobs.receive(stream) as received, transaction.atomic():
        blob = blobs.keep(received, user=draft.author)
        rows, refused = announce(draft, [Announced(path, blob.size, blob.sha256)])
    if refused:
        raise refused[0].error
    return rows[0]


def _keep(file: DraftFile, stream: Readable) -> None:
    with blobs.receive(stream, sha256=file.sha256, size=file.size) as received:
        blob = blobs.keep(received, user=file.draft.author)
    DraftFile.objects.filter(pk=file.pk, sha256=file.sha256).update(blob=blob, received=file.size)
    file.blob, file.received = blob, file.size


def _size_of(file: DraftFile, number: int) -> int:
    start = (number - 1) * part_bytes(file)
    return max(0, min(part_bytes(file), file.size - start))


def _upload(file: DraftFile) -> str:
    """One folder of parts for this content of this file, the same after every reload."""
    facts = f"draft-file:{file.pk}:{file.sha256}:{file.size}"
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


# --- removal ----------------------------------------------------------------------------------


def find(draft: OfferDraft, pk: int) -> DraftFile:
    found = draft.files.select_related("draft__author__namespace").filter(pk=pk).first()
    if found is None:
        raise NotFound(f"The draft has no file {pk}.", next="Load the page again.")
    return found


@transaction.atomic
def remove(draft: OfferDraft, file: DraftFile) -> None:
    _open(draft)
    forget(file)
    file.delete()


def forget(file: DraftFile) -> None:
    """Parts of a file that will not be completed."""
    if file.pk is not None:
        multipart.discard(_upload(file))


def _open(draft: OfferDraft) -> OfferDraft:
    found = (
        OfferDraft.objects.select_for_update(of=("self",))
        .select_related("author__namespace", "repository__namespace")
        .filter(pk=draft.pk)
        .first()
    )
    if found is None or found.sent_as_id is not None:
        raise Conflict("This draft takes no more files.", next="Begin another one at /submit.")
    return found
