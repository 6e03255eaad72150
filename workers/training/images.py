"""Encoded pictures (PNG, JPEG, WebP, BMP) to pixel tensors, by the model's own processor."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from workers.training.data import Table
from workers.training.errors import BadInput

if TYPE_CHECKING:
    from workers.training.model import Bundle

PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
CHUNK = 256  # pictures that are decoded at once

Scale = tuple[torch.Tensor, torch.Tensor]


def encode_images(table: Table, bundle: Bundle) -> tuple[torch.Tensor, Scale | None]:
    """Pixels [n, channels, height, width]. Where the processor allows, they stay bytes (a
    quarter of the memory) and ``scale`` holds the factor and shift that normalise them."""
    channels = getattr(bundle.model.config, "num_channels", 3)
    mode = "L" if channels == 1 else "RGB"
    scale = _scale(bundle.preprocessor, channels)
    plain = {"do_rescale": False, "do_normalize": False} if scale else {}
    chunks = []
    for start in range(0, len(table), CHUNK):
        rows = range(start, min(start + CHUNK, len(table)))
        pictures = [_open(table, row, mode) for row in rows]
        values = bundle.preprocessor(pictures, return_tensors="np", **plain)["pixel_values"]
        dtype = np.uint8 if scale else np.float32
        chunks.append(torch.from_numpy(np.asarray(values).astype(dtype)))
    pixels = torch.cat(chunks)
    _check_size(tuple(pixels.shape[1:]), channels, bundle)
    return pixels, scale


def _scale(processor: Any, channels: int) -> Scale | None:
    """None where the processor does more than scaling bytes, or its steps are unknown."""
    if not hasattr(processor, "do_rescale") or not hasattr(processor, "do_normalize"):
        return None
    factor = float(processor.rescale_factor) if processor.do_rescale else 1.0
    mean, std = [0.0] * channels, [1.0] * channels
    if processor.do_normalize:
        mean = [float(value) for value in processor.image_mean]
        std = [float(value) for value in processor.image_std]
    if len(mean) != channels or len(std) != channels or 0.0 in std:
        raise BadInput(
            f"The processor normalises {len(mean)} channels and the model takes {channels}",
            where="preprocessor_config.json",
            next="Correct image_mean and image_std.",
        )
    shape = (1, channels, 1, 1)
    means = torch.tensor(mean, dtype=torch.float64).view(shape)
    stds = torch.tensor(std, dtype=torch.float64).view(shape)
    return (factor / stds).float(), (-means / stds).float()


def _check_size(found: tuple[int, ...], channels: int, bundle: Bundle) -> None:
    size = getattr(bundle.model.config, "image_size", None)
    height, width = (size, size) if isinstance(size, int) else (size or found[1:])
    if found != (channels, height, width):
        raise BadInput(
            f"The processor makes pictures of shape {found} "
            f"and the model takes {(channels, height, width)}",
            where="preprocessor_config.json, size",
            next="Make the processor's size and the model's image_size agree.",
        )


def _open(table: Table, row: int, mode: str) -> Image.Image:
    value = table.columns["image"][row]
    where = f'{table.origin(row)}, column "{table.names["image"]}"'
    try:
        source = _source(value, table.folder(row), where)
        with Image.open(source, formats=PICTURE_FORMATS) as picture:
            return picture.convert(mode)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadInput(
            f"The picture cannot be read: {error}",
            where=where,
            next=f"Give a whole picture in one of {', '.join(PICTURE_FORMATS)}.",
        ) from error


def _source(value: Any, folder: Path, where: str) -> io.BytesIO | Path:
    """The encoded bytes, as ``datasets`` stores them, or the file that a text names."""
    if isinstance(value, dict):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, bytes):
        return io.BytesIO(value)
    if isinstance(value, str) and value:
        path = (folder / value).resolve()
        if path.is_relative_to(folder.resolve()):
            return path
    raise BadInput(
        f"Expected a picture, found {str(value)[:80]!r}",
        where=where,
        next="Give encoded bytes, or a path relative to the data file and inside its folder.",
    )
