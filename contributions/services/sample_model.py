"""A tiny BERT with random weights, written without any training library.

The files are those of `save_pretrained`: config.json, tokenizer.json, model.safetensors. What is
in them follows from the seed alone.
"""

from __future__ import annotations

import array
import json
import math
import random
import string
import struct
import sys
from typing import Any

from contributions.services import sample_texts

HIDDEN, LAYERS, HEADS, INNER, POSITIONS = 64, 2, 2, 128, 64
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
# Standard deviation of BERT's initial weights.
SPREAD = 0.02

Shape = tuple[int, ...]


def vocabulary() -> dict[str, int]:
    """Whole words, and letters for words that are not known."""
    letters = [*string.ascii_lowercase, *string.digits, *".,?!'"]
    words = sample_texts.words()
    parts = sorted({*letters, *(f"##{letter}" for letter in letters), *words})
    return {part: number for number, part in enumerate([*SPECIAL, *parts])}


def files(*, seed: int = 0) -> dict[str, bytes]:
    """Path → content."""
    vocab = vocabulary()
    return {
        "config.json": _json(_config(len(vocab))),
        "tokenizer.json": _json(_tokenizer(vocab)),
        "tokenizer_config.json": _json(_tokenizer_config()),
        "model.safetensors": _safetensors(_shapes(len(vocab)), seed=seed),
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _config(vocab_size: int) -> dict[str, Any]:
    names = {str(number): label for number, label in enumerate(sample_texts.LABELS)}
    return {
        "architectures": ["BertForSequenceClassification"],
        "attention_probs_dropout_prob": 0.1,
        "dtype": "float32",
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": HIDDEN,
        "id2label": names,
        "initializer_range": SPREAD,
        "intermediate_size": INNER,
        "label2id": {label: int(number) for number, label in names.items()},
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": POSITIONS,
        "model_type": "bert",
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "pad_token_id": 0,
        "type_vocab_size": 2,
        "vocab_size": vocab_size,
    }


def _tokenizer(vocab: dict[str, int]) -> dict[str, Any]:
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    first, last = _special("[CLS]"), _special("[SEP]")
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": vocab[name], "content": name, **plain, "special": True} for name in SPECIAL
        ],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [first, _sequence("A", 0), last],
            "pair": [_sequence("A", 0), _sequence("B", 1)],
            "special_tokens": {
                name: {"id": name, "ids": [vocab[name]], "tokens": [name]}
                for name in ("[CLS]", "[SEP]")
            },
        },
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocab,
        },
    }


def _special(name: str) -> dict[str, Any]:
    return {"SpecialToken": {"id": name, "type_id": 0}}


def _sequence(name: str, kind: int) -> dict[str, Any]:
    return {"Sequence": {"id": name, "type_id": kind}}


def _tokenizer_config() -> dict[str, Any]:
    return {
        "cls_token": "[CLS]",
        "mask_token": "[MASK]",
        "model_max_length": POSITIONS,
        "pad_token": "[PAD]",
        "sep_token": "[SEP]",
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": "[UNK]",
    }


# --- weights ----------------------------------------------------------------------------------


def _shapes(vocab_size: int) -> dict[str, Shape]:
    """Name → shape of every tensor of `BertForSequenceClassification`."""
    found: dict[str, Shape] = {
        "bert.embeddings.word_embeddings.weight": (vocab_size, HIDDEN),
        "bert.embeddings.position_embeddings.weight": (POSITIONS, HIDDEN),
        "bert.embeddings.token_type_embeddings.weight": (2, HIDDEN),
        **_norm("bert.embeddings.LayerNorm"),
    }
    for number in range(LAYERS):
        layer = f"bert.encoder.layer.{number}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            found |= _dense(f"{layer}.attention.{part}", HIDDEN, HIDDEN)
        found |= _norm(f"{layer}.attention.output.LayerNorm")
        found |= _dense(f"{layer}.intermediate.dense", INNER, HIDDEN)
        found |= _dense(f"{layer}.output.dense", HIDDEN, INNER)
        found |= _norm(f"{layer}.output.LayerNorm")
    found |= _dense("bert.pooler.dense", HIDDEN, HIDDEN)
    return found | _dense("classifier", len(sample_texts.LABELS), HIDDEN)


def _dense(name: str, out: int, into: int) -> dict[str, Shape]:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def _norm(name: str) -> dict[str, Shape]:
    return {f"{name}.weight": (HIDDEN,), f"{name}.bias": (HIDDEN,)}


def _safetensors(shapes: dict[str, Shape], *, seed: int) -> bytes:
    """The format: 8 bytes with the length of a JSON header, the header, the numbers."""
    chance = random.Random(seed)  # noqa: S311
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    numbers = array.array("f")
    for name, shape in sorted(shapes.items()):
        start = 4 * len(numbers)
        numbers.extend(_values(name, math.prod(shape), chance))
        offsets = [start, 4 * len(numbers)]
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": offsets}
    if sys.byteorder == "big":
        numbers.byteswap()
    told = json.dumps(header, separators=(",", ":")).encode()
    told += b" " * (-len(told) % 8)
    return struct.pack("<Q", len(told)) + told + numbers.tobytes()


def _values(name: str, count: int, chance: random.Random) -> list[float]:
    if name.endswith(".bias"):
        return [0.0] * count
    if "LayerNorm" in name:
        return [1.0] * count
    return [chance.gauss(0.0, SPREAD) for _ in range(count)]
