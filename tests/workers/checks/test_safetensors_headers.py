"""A hostile or damaged safetensors file is told apart by its header alone."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.checks.files import file_findings
from workers.checks.tensors import HeaderError, read_header
from workers.checks.tree import read_tree


def tensor(begin=0, end=8, shape=(2,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def packed(header, data=b"\0" * 8):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def write(folder: Path, content: bytes, name="model.safetensors") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_it_reads_what_the_library_writes(tmp_path):
    import numpy
    from safetensors.numpy import save_file

    path = tmp_path / "model.safetensors"
    tensors = {"a": numpy.ones((2, 3), "float32"), "b": numpy.zeros((), "int64")}
    save_file(tensors, path, metadata={"format": "pt"})
    header = read_header(path)
    assert header.tensors["a"].shape == (2, 3)
    assert header.tensors["b"].dtype == "I64"
    assert header.metadata == {"format": "pt"}
    assert header.parameters == 7


HOSTILE = {
    "empty file": b"",
    "short prefix": b"\x01\x00",
    "length beyond the file": struct.pack("<Q", 500) + b"{}",
    "length beyond all bounds": struct.pack("<Q", 2**63) + b"{}",
    "length above the limit": struct.pack("<Q", 100_000_001) + b"{}",
    "not JSON": packed(b"{nope", b""),
    "not an object": packed(b"[1]", b""),
    "leading space": packed(b' {"a": 1}', b""),
    "not UTF-8": packed(b'{"\xff": 1}', b""),
    "nested too deeply": packed(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b""),
    "repeated tensor": packed(
        b'{"a":' + json.dumps(tensor()).encode() + b',"a":' + json.dumps(tensor()).encode() + b"}"
    ),
    "repeated field": packed(
        b'{"a":{"dtype":"F32","dtype":"F64","shape":[2],"data_offsets":[0,8]}}'
    ),
    "unknown dtype": packed({"a": tensor(dtype="F31")}),
    "dtype of another type": packed({"a": tensor(dtype=["F32"])}),
    "missing field": packed({"a": {"dtype": "F32", "shape": [2]}}),
    "additional field": packed({"a": tensor() | {"run": "this"}}),
    "negative size": packed({"a": tensor(shape=(-2,))}),
    "fractional size": packed({"a": tensor(shape=(2.0,))}),
    "boolean size": packed({"a": tensor(0, 4, shape=(True,))}),
    "size that overflows": packed({"a": tensor(shape=(2**62, 2**62, 4))}),
    "infinite size": packed(b'{"a":{"dtype":"F32","shape":[Infinity],"data_offsets":[0,8]}}'),
    "number of a million digits": packed(
        b'{"a":{"dtype":"F32","shape":[' + b"9" * 1_000_000 + b'],"data_offsets":[0,8]}}'
    ),
    "shape and offsets differ": packed({"a": tensor(0, 4)}),
    "end before beginning": packed({"a": tensor(8, 0)}),
    "three offsets": packed({"a": tensor() | {"data_offsets": [0, 4, 8]}}),
    "hole at the beginning": packed({"a": tensor(4, 12)}, b"\0" * 12),
    "hole": packed({"a": tensor(0, 8), "b": tensor(12, 20)}, b"\0" * 20),
    "overlap": packed({"a": tensor(0, 8), "b": tensor(4, 12)}, b"\0" * 12),
    "same bytes twice": packed({"a": tensor(), "b": tensor()}),
    "data cut off": packed({"a": tensor()}, b"\0" * 7),
    "trailing byte": packed({"a": tensor()}, b"\0" * 9),
    "trailing bytes without tensors": packed({}, b"\0"),
    "metadata not text": packed({"__metadata__": {"a": 1}, "a": tensor()}),
    "metadata not an object": packed({"__metadata__": "x", "a": tensor()}),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_it_refuses_a_hostile_header(tmp_path, content):
    with pytest.raises(HeaderError):
        read_header(write(tmp_path, content))
    (finding,) = file_findings(read_tree(tmp_path), None)
    assert finding.severity == "block"
    assert "safe_serialization=True" in finding.fix


def test_it_accepts_a_header_padded_with_spaces_and_empty_tensors(tmp_path):
    header = json.dumps({"a": tensor(), "none": tensor(8, 8, (0, 3))}).encode() + b"    "
    assert read_header(write(tmp_path, packed(header))).data_bytes == 8


def test_a_header_whose_length_looks_like_a_pickle_marker_is_no_pickle(tmp_path):
    raw = json.dumps({"a": tensor()}).encode()
    raw += b" " * (0x0280 - len(raw))
    path = write(tmp_path, packed(raw))
    assert path.read_bytes()[:2] == b"\x80\x02"
    assert list(file_findings(read_tree(tmp_path), None)) == []


@pytest.mark.parametrize("protocol", range(6))
def test_it_recognises_a_pickle_named_safetensors(tmp_path, protocol):
    write(tmp_path, pickle.dumps({"a": {"b": [1, 2, 3]}}, protocol=protocol))
    (finding,) = file_findings(read_tree(tmp_path), None)
    assert finding.rule == "pickle"
    assert "named like a safetensors file" in finding.message
    assert "save_pretrained(..., safe_serialization=True)" in finding.fix


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=200))
def test_arbitrary_bytes_never_pass_or_break_it(tmp_path_factory, content):
    path = write(tmp_path_factory.mktemp("fuzz"), content)
    with pytest.raises(HeaderError):
        read_header(path)


@settings(max_examples=200, deadline=None)
@given(position=st.integers(0, 76), byte=st.integers(0, 255))
def test_a_changed_byte_is_refused_or_harmless(tmp_path_factory, position, byte):
    """Whatever one byte becomes, what passes still describes exactly the bytes of the file."""
    content = bytearray(packed({"abc": tensor()}))
    content[position % len(content)] = byte
    path = write(tmp_path_factory.mktemp("flip"), bytes(content))
    try:
        header = read_header(path)
    except HeaderError:
        return
    assert header.data_bytes == 8
