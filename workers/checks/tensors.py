"""The header of a safetensors file, verified without reading a tensor.

Layout: 8 bytes little-endian length N, N bytes of JSON (may end in spaces), then the data.
The JSON maps names to {"dtype", "shape", "data_offsets": [begin, end]} and may hold
"__metadata__" (string to string). Offsets count from the first byte after the JSON and must
cover the data without hole, overlap or trailing byte.
Source: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_HEADER = 100_000_000
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32,
    "U64": 64, "I64": 64, "F64": 64, "C64": 64,
}  # fmt: skip
FLOATS = frozenset({"F16", "BF16", "F32", "F64"})


class HeaderError(Exception):
    """The file is no well-formed safetensors file; the text says where it is not."""


@dataclass(frozen=True)
class TensorInfo:
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.dtype} {list(self.shape)}"


@dataclass(frozen=True)
class Header:
    tensors: dict[str, TensorInfo]
    metadata: dict[str, str]
    data_bytes: int

    @property
    def parameters(self) -> int:
        return sum(_count(info.shape) for info in self.tensors.values())

    def summary(self) -> dict[str, object]:
        dtypes = sorted({info.dtype for info in self.tensors.values()})
        return {
            "tensors": len(self.tensors),
            "parameters": self.parameters,
            "dtypes": dtypes,
            "bytes": self.data_bytes,
            "metadata": self.metadata,
        }


def read_header(path: Path) -> Header:
    size = path.stat().st_size
    with path.open("rb") as stream:
        prefix = stream.read(8)
        if len(prefix) < 8:
            raise HeaderError(f"the file has {size} bytes; a safetensors file has at least 10")
        (length,) = struct.unpack("<Q", prefix)
        if length > MAX_HEADER:
            raise HeaderError(f"the header claims {length} bytes; at most {MAX_HEADER} are allowed")
        if length > size - 8:
            raise HeaderError(f"the header claims {length} bytes, but only {size - 8} follow")
        raw = stream.read(length)
    entries = _parse(raw)
    metadata = _metadata(entries.pop("__metadata__", {}))
    spans = {name: _span(name, entry) for name, entry in entries.items()}
    _require_contiguous(spans, size - 8 - length)
    return Header({name: span[2] for name, span in spans.items()}, metadata, size - 8 - length)


def _parse(raw: bytes) -> dict[str, Any]:
    if not raw.startswith(b"{"):
        raise HeaderError("the header does not start with '{'")
    try:
        parsed = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_no_repeats, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        raise HeaderError(f"the header is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise HeaderError("the header is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise HeaderError(f"the header is not JSON: {error.msg} at byte {error.pos}") from None
    except ValueError:
        raise HeaderError("the header holds a number no tensor can have") from None
    if not isinstance(parsed, dict):
        raise HeaderError("the header is not a JSON object")
    return parsed


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        # Readers differ in which of two equal keys they take, so a scan could see other bytes.
        if key in found:
            raise HeaderError(f"the key {key[:80]!r} appears twice")
        found[key] = value
    return found


def _no_constant(text: str) -> None:
    raise HeaderError(f"{text} is no JSON number")


def _metadata(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise HeaderError("__metadata__ must map strings to strings")
    return value


def _span(name: str, entry: Any) -> tuple[int, int, TensorInfo]:
    label = repr(name[:80])
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise HeaderError(f"tensor {label} must have exactly dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        raise HeaderError(f"tensor {label} has the unknown dtype {str(dtype)[:40]!r}")
    if not isinstance(shape, list) or len(shape) > 64 or not all(map(_is_size, shape)):
        raise HeaderError(f"tensor {label} has no valid shape")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(map(_is_size, offsets)):
        raise HeaderError(f"tensor {label} has no valid data_offsets")
    begin, end = offsets
    needed = _count(shape) * BITS[dtype] // 8
    if end - begin != needed:
        raise HeaderError(f"tensor {label} spans {end - begin} bytes, its shape needs {needed}")
    return begin, end, TensorInfo(tuple(shape), dtype)


def _require_contiguous(spans: dict[str, tuple[int, int, TensorInfo]], available: int) -> None:
    position = 0
    ordered = sorted(spans.items(), key=lambda item: (item[1][0], item[1][1], item[0]))
    for name, (begin, end, _) in ordered:
        if begin != position:
            problem = "a hole" if begin > position else "an overlap"
            raise HeaderError(f"{problem} in the data before tensor {name[:80]!r} (byte {begin})")
        position = end
    if position > available:
        raise HeaderError(f"tensors need {position} bytes of data, the file has {available}")
    if position < available:
        raise HeaderError(f"{available - position} bytes follow the last tensor")


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _count(shape: tuple[int, ...] | list[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count
