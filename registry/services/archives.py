"""ZIP archives of JSON tables, made while they are sent: nothing is kept in memory or on disk."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, cast

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

_PART = 64 * 1024


class _Outbox(io.RawIOBase):
    """A file that can only be written; what was written is taken away in parts."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, part: Any, /) -> int:
        self._held += part
        return memoryview(part).nbytes

    def taken(self, *, at_least: int = 0) -> Iterator[bytes]:
        if len(self._held) > at_least:
            yield bytes(self._held)
            self._held.clear()


def archive(
    tables: Iterable[tuple[str, str, Iterable[Mapping[str, Any]]]], *, about: str
) -> Iterator[bytes]:
    """README.txt comes last, because it lists what there is."""
    outbox = _Outbox()
    lines = [about, ""]
    with zipfile.ZipFile(cast(IO[bytes], outbox), "w", zipfile.ZIP_DEFLATED) as archived:
        for name, meaning, rows in tables:
            with archived.open(_entry(f"{name}.json"), "w") as file:
                number = 0
                for number, row in enumerate(rows, start=1):
                    before = "[\n" if number == 1 else ",\n"
                    file.write((before + _line(row)).encode())
                    yield from outbox.taken(at_least=_PART)
                file.write(b"\n]\n" if number else b"[]\n")
            lines.append(f"{name}.json: {meaning}; {number}")
            yield from outbox.taken(at_least=_PART)
        with archived.open(_entry("README.txt"), "w") as file:
            file.write(("\n".join(lines) + "\n").encode())
    yield from outbox.taken()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, timezone.now().timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)
