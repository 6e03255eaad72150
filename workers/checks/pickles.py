"""Recognise Python pickles by content, so that none is ever loaded."""

from __future__ import annotations

import io
import pickletools
import zipfile
from pathlib import Path

EXTENSIONS = frozenset(
    {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill", ".npy", ".npz", ".pt2"}
)
FIX = (
    "Save the model with save_pretrained(..., safe_serialization=True) and upload the "
    ".safetensors file; delete this one."
)
_PROBE = 4096


def is_pickle(path: Path) -> bool:
    """A pickle stream, or a zip (torch's .bin and .pt) with one inside."""
    with path.open("rb") as stream:
        head = stream.read(_PROBE)
    if head.startswith(b"PK"):
        return _zip_holds_pickle(path)
    return _is_stream(head)


def _zip_holds_pickle(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist()[:1000]:
                if name.endswith(".pkl"):
                    return True
                with archive.open(name) as member:
                    if _is_stream(member.read(_PROBE)):
                        return True
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        # A damaged archive may still open in a laxer reader: treat it as the worst case.
        return True
    return False


def _is_stream(head: bytes) -> bool:
    """Protocol 2 and later begin with a marker; earlier ones only show in their opcodes."""
    if len(head) >= 2 and head[0] == 0x80 and head[1] <= 5:
        return True
    opcodes = 0
    imports = False
    try:
        for opcode, _argument, _position in pickletools.genops(io.BytesIO(head)):
            opcodes += 1
            imports = imports or opcode.name in {"GLOBAL", "INST", "REDUCE", "STACK_GLOBAL"}
            if opcode.name == "STOP":
                return opcodes > 1
    except (ValueError, UnicodeDecodeError, IndexError, OverflowError):
        pass
    return imports
