"""Small safetensors files, written by hand as the format says."""

from __future__ import annotations

import json
import struct


def file(tensors, metadata=None, **odd):
    """`tensors`: name → (dtype, shape, bytes). `odd` replaces or adds entries of the header."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    text = json.dumps({**header, **odd}).encode()
    return struct.pack("<Q", len(text)) + text + data


def f32(*values):
    return "F32", [len(values)], struct.pack(f"<{len(values)}f", *values)


def f16(*values):
    return "F16", [len(values)], struct.pack(f"<{len(values)}e", *values)


def bf16(*values):
    whole = struct.pack(f"<{len(values)}f", *values)
    return "BF16", [len(values)], b"".join(whole[i + 2 : i + 4] for i in range(0, len(whole), 4))
