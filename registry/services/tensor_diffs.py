"""Two safetensors files, tensor by tensor; of small ones also how far the numbers moved.

relative = ‖after − before‖₂ / ‖before‖₂, largest = max |after − before|, both over one tensor and
in its own units. Numbers are widened to float64 before anything is subtracted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from registry.services import tensors
from registry.services.objects import Entry
from registry.services.tensors import ITEM_BYTES, Header, Tensor

# Bytes of each of the two files; what is larger is compared by its header alone.
LARGEST_FILE = 20_000_000
# Tensors of one file whose values are subtracted: each costs a tenth of a millisecond.
MOST_MEASURED = 3000
_AT_ONCE = 1 << 18
Opener = Callable[[Entry], BinaryIO]


@dataclass(frozen=True)
class TensorChange:
    """`relative` and `largest` None: the values were not compared, or are not finite numbers."""

    name: str
    before: Tensor | None
    after: Tensor | None
    relative: float | None = None
    largest: float | None = None

    @property
    def kind(self) -> str:
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        same = (self.before.dtype, self.before.shape) == (self.after.dtype, self.after.shape)
        return "changed" if same else "reshaped"


@dataclass(frozen=True)
class TensorDiff:
    """`measured` False: tensors of the same type and shape were not looked into."""

    changes: list[TensorChange] = field(default_factory=list)
    unchanged: int = 0
    measured: bool = False
    parameters_before: int = 0
    parameters_after: int = 0
    header_bytes: int = 0


def compare(before: Entry, after: Entry, *, opened: Opener, measure: bool = True) -> TensorDiff:
    """Raises Unprocessable when one of the two is no safetensors file."""
    measure = measure and max(before.size, after.size) <= LARGEST_FILE
    old, old_data = _read(before, opened, whole=measure)
    new, new_data = _read(after, opened, whole=measure)
    known_old = {tensor.name: tensor for tensor in old.tensors}
    known_new = {tensor.name: tensor for tensor in new.tensors}
    changes: list[TensorChange] = []
    left = MOST_MEASURED if measure else 0
    for name in [*known_old, *(name for name in known_new if name not in known_old)]:
        change = TensorChange(name, known_old.get(name), known_new.get(name))
        if change.kind != "changed":
            changes.append(change)
        elif left and (moved := _moved(change, old_data, new_data)):
            changes.append(moved)
            left -= 1
    in_both = len(known_old.keys() & known_new.keys())
    told = sum(1 for change in changes if change.before and change.after)
    parameters = old.parameters, new.parameters
    return TensorDiff(changes, in_both - told, measure, *parameters, old.start + new.start)


def _read(entry: Entry, opened: Opener, *, whole: bool) -> tuple[Header, memoryview]:
    with opened(entry) as stream:
        header = tensors.read_header(stream, entry.size)
        return header, memoryview(stream.read(LARGEST_FILE) if whole else b"")


def _moved(change: TensorChange, old: memoryview, new: memoryview) -> TensorChange | None:
    """None when every byte is the same."""
    before, after = change.before, change.after
    if before is None or after is None:
        return change
    first, second = old[before.begin : before.end], new[after.begin : after.end]
    if first == second:
        return None
    if before.dtype not in _NUMBERS or not before.parameters:
        return change
    relative, largest = _distance(first, second, before.dtype)
    return TensorChange(change.name, before, after, relative, largest)


_NUMBERS = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "uint16",
    **{f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
}


def _distance(
    before: memoryview, after: memoryview, dtype: str
) -> tuple[float | None, float | None]:
    """Relative and largest; in pieces, so that widening them takes little memory."""
    from pyarrow import compute

    squares = moved = largest = 0.0
    step = _AT_ONCE * ITEM_BYTES[dtype]
    for at in range(0, len(before), step):
        old, new = (_floats(data[at : at + step], dtype) for data in (before, after))
        apart = compute.subtract(new, old)
        squares += compute.sum(compute.multiply(old, old)).as_py()
        moved += compute.sum(compute.multiply(apart, apart)).as_py()
        largest = max(largest, compute.max(compute.abs(apart)).as_py())
    if not math.isfinite(squares + moved + largest):
        return None, None
    return (math.sqrt(moved / squares) if squares else None), largest


def _floats(data: memoryview, dtype: str) -> Any:
    """An Arrow array of float64; Arrow is loaded late, for few pages need it."""
    import pyarrow as arrow
    from pyarrow import compute

    # A copy: what lies at an odd place of the file would not be aligned.
    buffers = [None, arrow.py_buffer(bytes(data))]
    kind = arrow.type_for_alias(_NUMBERS[dtype])
    array = arrow.Array.from_buffers(kind, len(data) // ITEM_BYTES[dtype], buffers)
    if dtype == "BF16":  # the upper half of a float32
        wide = compute.shift_left(array.cast(arrow.uint32()), arrow.scalar(16, arrow.uint32()))
        array = wide.view(arrow.float32())
    if dtype == "F16":
        array = array.cast(arrow.float32())
    return array.cast(arrow.float64(), safe=False)
