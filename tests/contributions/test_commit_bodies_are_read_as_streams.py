from __future__ import annotations

import base64
import itertools
import json
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contributions.hub import ndjson, payload
from contributions.hub.ndjson import Lines
from registry.services.commits import AddFile, AddLfsFile, DeleteFile, DeleteFolder
from registry.services.errors import Invalid, TooLarge

MIB = 1024 * 1024
HEADER = {"key": "header", "value": {"summary": "s", "description": "d", "parentCommit": "abc12"}}


class Stream:
    """Gives the pieces as a slow network does: never more than asked for, often less."""

    def __init__(self, pieces, size=None):
        self.pieces, self.rest, self.size = iter(pieces), b"", size

    def read(self, size=-1, /):
        size = self.size or size
        while not self.rest:
            self.rest = next(self.pieces, None)
            if self.rest is None:
                self.rest = b""
                return b""
        piece, self.rest = self.rest[:size], self.rest[size:]
        return piece


def body(*items):
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def file_item(path, content):
    value = {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}
    return {"key": "file", "value": value}


def test_it_reads_every_operation(tmp_path):
    sent = body(
        HEADER,
        file_item("a.txt", b"hello"),
        {"key": "lfsFile", "value": {"path": "b.bin", "algo": "sha256", "oid": "f" * 64}},
        {"key": "deletedFile", "value": {"path": "c"}},
        {"key": "deletedFolder", "value": {"path": "d/"}},
    )
    found = payload.read(Stream([sent]), tmp_path, size=len(sent))
    assert found.header == payload.Header("s", "d", "abc12")
    first, *others = found.operations
    assert isinstance(first, AddFile)
    assert (first.path, first.content.read_bytes()) == ("a.txt", b"hello")
    assert others == [AddLfsFile("b.bin", "f" * 64), DeleteFile("c"), DeleteFolder("d/")]


def test_a_file_of_any_size_takes_a_few_chunks_of_memory(tmp_path):
    chunk = base64.b64encode(bytes(3 * MIB // 4))
    pieces = itertools.chain(
        [body(HEADER), b'{"key": "file", "value": {"content": "'],
        itertools.repeat(chunk, 48),
        [b'", "path": "big"}}\n'],
    )
    size = len(body(HEADER)) + 38 + 48 * len(chunk) + 19
    tracemalloc.start()
    found = payload.read(Stream(pieces), tmp_path, size=size)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.operations[0].content.stat().st_size == 36 * MIB
    assert peak < 6 * MIB


@settings(deadline=None, max_examples=60)
@given(
    content=st.binary(max_size=3000),
    size=st.integers(1, 50),
    slashed=st.booleans(),
    name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=6),
)
def test_cuts_between_reads_change_nothing(content, size, slashed, name):
    sent = body(HEADER, file_item(name, content), file_item("second", b"2"))
    if slashed:
        sent = sent.replace(b"/", b"\\/")
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(ndjson, "LONG_STRING", 100)
        found = payload.read(Stream([sent], size), Path(folder), size=len(sent))
        assert [operation.path for operation in found.operations] == [name, "second"]
        assert found.operations[0].content.read_bytes() == content


def test_a_body_cut_short_between_two_lines_is_refused(tmp_path):
    sent = body(HEADER, file_item("a", b"a"))
    with pytest.raises(Invalid, match="bytes arrived"):
        payload.read(Stream([sent]), tmp_path, size=len(sent) + 40)


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path):
    endless = itertools.repeat(b"[" * 65_536)
    with pytest.raises(TooLarge, match="line is longer"):
        list(Lines(Stream(endless), tmp_path))


def test_too_many_operations_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(payload, "MOST_OPERATIONS", 2)
    sent = body(HEADER, *({"key": "deletedFile", "value": {"path": "a"}} for _ in range(3)))
    with pytest.raises(TooLarge, match="Split it"):
        payload.read(Stream([sent]), tmp_path, size=len(sent))


def test_the_size_is_known_before_the_body_is_read(tmp_path):
    with pytest.raises(TooLarge, match="LFS objects"):
        payload.read(Stream([]), tmp_path, size=payload.MOST_BYTES + 1)


@pytest.mark.parametrize("summary", ["a\x00b", "\ud800"])
def test_a_header_that_no_row_can_hold_is_refused(tmp_path, summary):
    sent = body({"key": "header", "value": {"summary": summary}})
    with pytest.raises(Invalid, match="NUL"):
        payload.read(Stream([sent]), tmp_path, size=len(sent))
