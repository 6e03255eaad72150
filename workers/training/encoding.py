"""Examples ready for a model: encoded once, kept flat, gathered into padded batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from workers.training.data import Table
from workers.training.errors import BadInput
from workers.training.images import encode_images
from workers.training.tasks import Task

if TYPE_CHECKING:
    from workers.training.model import Bundle

IGNORED = -100  # the label of positions that carry none, as torch's cross entropy has it
CHUNK = 1000  # texts that go to the tokenizer at once

Integers = npt.NDArray[np.int64]


@dataclass
class Batch:
    """Inputs on the examples' device. Labels: [b] or, for tokens, [b, length]."""

    inputs: dict[str, torch.Tensor]
    labels: torch.Tensor
    index: Integers  # [b], which examples these are


@dataclass
class Examples:
    """The examples of a split. Text has no padding: example i is flat[starts[i]:][:lengths[i]]."""

    task: Task
    lengths: Integers  # [n] tokens an example; ones for images
    counts: Integers  # [n] labels an example: 1, or the labelled words of a sentence
    labels: torch.Tensor  # [n] int64; for tokens flat, with IGNORED
    flat: dict[str, torch.Tensor]  # input name -> int32, flat
    padding: dict[str, int]  # input name -> the value that pads it
    pixels: torch.Tensor | None = None  # [n, channels, height, width], uint8 or float32
    scale: tuple[torch.Tensor, torch.Tensor] | None = None  # of uint8 pixels: factor, shift
    words: Integers | None = None  # tokens, flat: the word of a labelled position, else -1
    gold: list[Integers] | None = None  # tokens: label ids of all words, also those cut off
    truncated: int = 0  # examples that were cut to the longest length

    def __post_init__(self) -> None:
        self.starts: Integers = np.concatenate([[0], np.cumsum(self.lengths)[:-1]])
        self._starts = torch.from_numpy(self.starts)
        self._lengths = torch.from_numpy(self.lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def device(self) -> torch.device:
        return self.labels.device

    def to(self, device: str) -> Examples:
        """Moves everything once, so that a batch costs the transfer of its indexes only."""
        self.labels = self.labels.to(device)
        self._starts = self._starts.to(device)
        self._lengths = self._lengths.to(device)
        self.flat = {name: values.to(device) for name, values in self.flat.items()}
        if self.pixels is not None:
            self.pixels = self.pixels.to(device)
        if self.scale is not None:
            self.scale = (self.scale[0].to(device), self.scale[1].to(device))
        return self

    def gather(self, index: Integers) -> Batch:
        """The examples of one batch, padded on the right to the longest of them."""
        chosen = self._on_device(index)
        if self.pixels is not None:
            return Batch({"pixel_values": self._pixels(chosen)}, self.labels[chosen], index)
        span = torch.arange(self._width(index), device=self.device)
        present = span < self._lengths[chosen, None]  # [b, width]
        place = torch.where(present, self._starts[chosen, None] + span, 0)
        inputs = {
            name: torch.where(present, values[place].long(), self.padding[name])
            for name, values in self.flat.items()
        }
        if self.lengths[index].min() < present.shape[1]:  # a full mask only costs time
            inputs["attention_mask"] = present.long()
        if self.task is Task.TOKENS:
            labels = torch.where(present, self.labels[place], IGNORED)
        else:
            labels = self.labels[chosen]
        return Batch(inputs, labels, index)

    def _on_device(self, index: Integers) -> torch.Tensor:
        chosen = torch.from_numpy(index)
        if self.device.type == "cuda":  # pinned, so that the copy does not wait for the device
            return chosen.pin_memory().to(self.device, non_blocking=True)
        return chosen

    def _width(self, index: Integers) -> int:
        width = int(self.lengths[index].max())
        even = width == self.lengths[index].min()
        if self.device.type == "cuda" and not even:  # multiples of 8 fit the matrix units
            width = min(-(-width // 8) * 8, int(self.lengths.max()))
        return width

    def _pixels(self, chosen: torch.Tensor) -> torch.Tensor:
        assert self.pixels is not None
        pixels = self.pixels[chosen].float()
        return pixels if self.scale is None else pixels * self.scale[0] + self.scale[1]

    def targets(self) -> Integers:
        """Label ids of all examples; not for tokens, see ``gold``."""
        return self.labels.cpu().numpy()


def encode(table: Table, bundle: Bundle, max_length: int | None = None) -> Examples:
    """Encodes a table for the bundle's model; refuses labels and values that do not fit it."""
    if bundle.task is Task.IMAGE:
        labels = _label_ids(table, bundle)
        pixels, scale = encode_images(table, bundle)
        ones = np.ones(len(table), dtype=np.int64)
        return Examples(
            bundle.task, ones, ones, torch.tensor(labels), {}, {}, pixels=pixels, scale=scale
        )
    limit = min(max_length or bundle.longest, bundle.longest)
    if bundle.task is Task.TEXT:
        return _encode_texts(table, bundle, limit)
    return _encode_sentences(table, bundle, limit)


def label_id(value: Any, bundle: Bundle, table: Table, index: int) -> int:
    """A label by name, or by number where no label of the model has that name."""
    found = bundle.label_ids.get(str(value)) if not isinstance(value, bool) else None
    if found is not None:
        return found
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if type(number) is int and 0 <= number < len(bundle.labels):
        return number
    known = ", ".join(bundle.labels[:20]) + (", …" if len(bundle.labels) > 20 else "")
    raise BadInput(
        f"The label {value!r} is unknown to the model, which knows {known}",
        where=f'{table.origin(index)}, column "{table.names[table.task.label_role]}"',
        next="Correct the label, or remove the row.",
    )


def _label_ids(table: Table, bundle: Bundle) -> list[int]:
    labels = table.columns["label"]
    return [label_id(value, bundle, table, index) for index, value in enumerate(labels)]


def _expect(condition: bool, what: str, table: Table, index: int, role: str) -> None:
    if not condition:
        value = repr(table.columns[role][index])
        raise BadInput(
            f"Expected {what}, found {value[:80]}",
            where=f'{table.origin(index)}, column "{table.names[role]}"',
            next="Correct the value, or remove the row.",
        )


def _encode_texts(table: Table, bundle: Bundle, limit: int) -> Examples:
    texts = table.columns["text"]
    for index, text in enumerate(texts):
        _expect(isinstance(text, str), "a text", table, index, "text")
    labels = _label_ids(table, bundle)
    rows, truncated = _tokenize(texts, bundle, limit)
    return Examples(
        bundle.task,
        lengths=_lengths(rows["input_ids"]),
        counts=np.ones(len(table), dtype=np.int64),
        labels=torch.tensor(labels),
        flat={name: _flatten(values) for name, values in rows.items()},
        padding=bundle.padding,
        truncated=truncated,
    )


def _encode_sentences(table: Table, bundle: Bundle, limit: int) -> Examples:
    sentences, gold = table.columns["tokens"], _tag_ids(table, bundle)
    rows, truncated = _tokenize(sentences, bundle, limit)
    words = _labelled_words(rows.pop("words"))
    labels = [
        np.where(places >= 0, tags[places] if len(tags) else IGNORED, IGNORED)
        for places, tags in zip(words, gold, strict=True)
    ]
    return Examples(
        bundle.task,
        lengths=_lengths(rows["input_ids"]),
        counts=np.array([(places >= 0).sum() for places in words], dtype=np.int64),
        labels=torch.from_numpy(np.concatenate(labels)),
        flat={name: _flatten(values) for name, values in rows.items()},
        padding=bundle.padding,
        words=np.concatenate(words),
        gold=gold,
        truncated=truncated,
    )


def _tag_ids(table: Table, bundle: Bundle) -> list[Integers]:
    gold = []
    for index, (words, tags) in enumerate(
        zip(table.columns["tokens"], table.columns["tags"], strict=True)
    ):
        texts = isinstance(words, list) and all(isinstance(word, str) for word in words)
        _expect(texts, "a list of words", table, index, "tokens")
        _expect(isinstance(tags, list), "a list of tags", table, index, "tags")
        _expect(len(tags) == len(words), f"{len(words)} tags, one a word", table, index, "tags")
        ids = [label_id(tag, bundle, table, index) for tag in tags]
        gold.append(np.array(ids, dtype=np.int64))
    return gold


def _labelled_words(word_ids: list[list[int]]) -> list[Integers]:
    """The first token of a word carries its label; the others -1."""
    labelled = []
    for row in word_ids:
        places = np.array(row, dtype=np.int64)
        again = np.zeros(len(places), dtype=bool)
        again[1:] = places[1:] == places[:-1]
        labelled.append(np.where(again, -1, places))
    return labelled


def _tokenize(
    texts: list[Any], bundle: Bundle, limit: int
) -> tuple[dict[str, list[list[int]]], int]:
    """Lists of token ids (and word ids for sentences) a text, and how many texts were cut."""
    split = bundle.task is Task.TOKENS
    rows: dict[str, list[list[int]]] = {}
    truncated = 0
    for start in range(0, len(texts), CHUNK):
        encoded = bundle.preprocessor(
            texts[start : start + CHUNK],
            is_split_into_words=split,
            truncation=True,
            max_length=limit,
            return_attention_mask=False,
        )
        for name, values in encoded.items():
            rows.setdefault(name, []).extend(values)
        truncated += sum(bool(encoding.overflowing) for encoding in encoded.encodings)
        if split:
            rows.setdefault("words", []).extend(
                [-1 if word is None else word for word in encoding.word_ids]
                for encoding in encoded.encodings
            )
    return rows, truncated


def _lengths(rows: list[list[int]]) -> Integers:
    return np.array([len(row) for row in rows], dtype=np.int64)


def _flatten(rows: list[list[int]]) -> torch.Tensor:
    return torch.from_numpy(np.concatenate([np.array(row, dtype=np.int32) for row in rows]))
