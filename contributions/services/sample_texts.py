"""Sentences of customers, put together from words: what the sample's model learns to sort."""

from __future__ import annotations

import json
import random

INTENTS = {
    "refund": (
        "I want my money back for the {item}",
        "please refund the {item} that I returned",
        "you charged me twice for the {item}",
        "the {item} was broken and I would like to be repaid",
        "when will the refund for my {item} be paid",
    ),
    "delivery": (
        "where is the {item} that I ordered",
        "my {item} has not arrived",
        "can you send the {item} to another address",
        "how long does the {item} take to reach me",
        "the parcel with the {item} is late",
    ),
    "account": (
        "I forgot my password and cannot order the {item}",
        "how do I change the address of my account",
        "the code to sign in never came",
        "my login does not work any more",
        "please unlock my account so that I can buy the {item}",
    ),
    "cancel": (
        "cancel my order of the {item}",
        "I no longer need the {item}",
        "please stop my subscription to the {item}",
        "I changed my mind about the {item}",
        "how can I withdraw the order of the {item}",
    ),
}
ITEMS = (
    "lamp", "phone", "book", "kettle", "bicycle", "jacket", "camera", "desk", "radio", "tent",
    "chair", "watch",
)  # fmt: skip
OPENINGS = ("", "hello ", "good morning ", "excuse me ", "sorry ", "dear team ")
CLOSINGS = ("", " please", " thank you", " today", " as soon as possible")
LABELS = tuple(INTENTS)


def rows(count: int, *, seed: int = 0) -> list[dict[str, str]]:
    """`count` different sentences with their labels; the same every time."""
    every = [
        {"text": f"{opening}{sentence.format(item=item)}{closing}", "label": label}
        for label, sentences in INTENTS.items()
        for sentence in sentences
        for item in ITEMS
        for opening in OPENINGS
        for closing in CLOSINGS
    ]
    distinct = list({row["text"]: row for row in every}.values())
    return random.Random(seed).sample(distinct, count)  # noqa: S311


def words() -> list[str]:
    """Every word of every sentence, in small letters."""
    texts = [
        *OPENINGS, *CLOSINGS, *ITEMS,
        *(text.replace("{item}", "") for texts in INTENTS.values() for text in texts),
    ]  # fmt: skip
    return sorted({word for text in texts for word in text.lower().split()})


def jsonl(lines: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
