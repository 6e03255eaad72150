"""What a safetensors file says of itself: its header alone is read, with strict limits."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, BinaryIO

from registry.services.errors import Unprocessable

LARGEST_HEADER = 4_000_000
MOST_TENSORS = 20_000
MOST_DIMENSIONS = 8
LONGEST_NAME = 500
_METADATA = "__metadata__"
ITEM_BYTES = {
    **dict.fromkeys(("F64", "I64", "U64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 2),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2"), 1),
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """`begin` and `end` are bytes after the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def parameters(self) -> int:
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        return self.end - self.begin

    @property
    def shape_words(self) -> str:
        return " × ".join(map(str, self.shape)) or "1 number"


@dataclass(frozen=True)
class Header:
    tensors: list[Tensor]
    metadata: dict[str, str]
    # Where the numbers begin in the file.
    start: int

    @property
    def parameters(self) -> int:
        return sum(tensor.parameters for tensor in self.tensors)

    @property
    def by_dtype(self) -> list[tuple[str, int]]:
        """Number type → parameters, the most frequent first."""
        counted: Counter[str] = Counter()
        for tensor in self.tensors:
            counted[tensor.dtype] += tensor.parameters
        return counted.most_common()


def read_header(stream: BinaryIO, size: int) -> Header:
    """`stream` at the start of a file of `size` bytes. Unprocessable: it is no safetensors file."""
    first = stream.read(8)
    length = int.from_bytes(first, "little") if len(first) == 8 else 0
    if not 2 <= length <= size - 8:
        raise _bad("its first eight bytes give no length of a header")
    if length > LARGEST_HEADER:
        raise _bad(f"its header is longer than {LARGEST_HEADER} bytes")
    try:
        found = json.loads(stream.read(length))
    except (ValueError, RecursionError) as wrong:
        raise _bad("its header is not JSON") from wrong
    if not isinstance(found, dict):
        raise _bad("its header is not a JSON object")
    metadata = found.pop(_METADATA, None)
    if len(found) > MOST_TENSORS:
        raise _bad(f"it names more than {MOST_TENSORS} tensors")
    tensors = [_tensor(name, value, size - 8 - length) for name, value in found.items()]
    tensors.sort(key=lambda tensor: (tensor.begin, tensor.end))
    for one, other in itertools.pairwise(tensors):
        if other.begin < one.end:
            raise _bad(f"the tensors “{one.name[:80]}” and “{other.name[:80]}” overlap")
    return Header(tensors, _texts(metadata), 8 + length)


def _tensor(name: str, given: Any, room: int) -> Tensor:
    shown = name[:80]
    if len(name) > LONGEST_NAME or not isinstance(given, dict):
        raise _bad(f"the entry “{shown}” is not a tensor")
    dtype: Any = given.get("dtype")
    shape: Any = given.get("shape")
    places: Any = given.get("data_offsets")
    if not isinstance(dtype, str) or not 0 < len(dtype) <= 20:
        raise _bad(f"the tensor “{shown}” has no number type")
    if not _whole(shape) or len(shape) > MOST_DIMENSIONS:
        raise _bad(f"the tensor “{shown}” has no shape")
    if not _whole(places) or len(places) != 2 or not places[0] <= places[1] <= room:
        raise _bad(f"the tensor “{shown}” does not lie inside the file")
    tensor = Tensor(name, dtype, tuple(shape), places[0], places[1])
    if tensor.size != tensor.parameters * ITEM_BYTES.get(dtype, 0) and dtype in ITEM_BYTES:
        raise _bad(f"the tensor “{shown}” has not the bytes that its shape needs")
    return tensor


def _whole(values: Any) -> bool:
    """A list of numbers that no sum or product of ours can make too long."""
    return isinstance(values, list) and all(
        type(value) is int and 0 <= value < 2**48 for value in values[: MOST_DIMENSIONS + 1]
    )


def _texts(metadata: Any) -> dict[str, str]:
    given = metadata if isinstance(metadata, dict) else {}
    return {key[:200]: str(value)[:1000] for key, value in list(given.items())[:50]}


def _bad(why: str) -> Unprocessable:
    return Unprocessable(
        f"This is no safetensors file that can be read: {why}.",
        next="Save it again with save_pretrained or safetensors.torch.save_file.",
    )
