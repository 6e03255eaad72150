"""Sentences written for the example jobs: customers' requests, and news with named entities."""

from __future__ import annotations

import random
from typing import Any

INTENTS = {
    "refund": [
        "I want my money back for the {item}",
        "please refund the {item} I sent back",
        "when do I get the refund for my {item}",
        "the {item} was wrong and I would like to be repaid",
        "you charged me twice for the {item}",
    ],
    "delivery": [
        "where is the {item} I ordered",
        "my {item} has not arrived yet",
        "can you ship the {item} to another address",
        "how long does the {item} take to reach me",
        "the parcel with the {item} is late",
    ],
    "password": [
        "I forgot my password and cannot order the {item}",
        "how do I reset the password of my account",
        "the code to sign in never came, I need the {item}",
        "my login does not work any more",
        "please unlock my account so that I can buy the {item}",
    ],
    "cancel": [
        "cancel my order of the {item}",
        "I no longer need the {item}, stop the order",
        "please close my subscription to the {item}",
        "I changed my mind about the {item} and want to cancel",
        "how can I withdraw the order for a {item}",
    ],
}
ITEMS = ["lamp", "phone", "book", "kettle", "bicycle", "jacket", "camera", "desk", "radio", "tent"]
OPENINGS = ["", "hello, ", "hi there, ", "good morning, ", "excuse me, ", "sorry, "]
CLOSINGS = ["", " please", " thanks", " as soon as possible", " today"]

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
ENTITIES = {
    "PER": ["Ada Lovelace", "Emmy Noether", "Grace Hopper", "Lin", "Carl Gauss", "Mei Chen",
            "Otto", "Sofia Rossi", "Ibrahim", "Rosa Park"],
    "LOC": ["Lisbon", "New Delhi", "Cape Town", "Oslo", "Lake Como", "Quito", "Kyoto",
            "Sierra Nevada", "Cairo", "Perth"],
    "ORG": ["Red Cross", "Northwind", "Open Grid", "Blue Harbour Bank", "Acme", "City Museum",
            "Delta Rail", "Unicorn Labs", "Harvest", "Polar Institute"],
}  # fmt: skip
PATTERNS = [
    "{PER} moved to {LOC} last year .",
    "{ORG} opened an office in {LOC} .",
    "{PER} works for {ORG} .",
    "The director of {ORG} , {PER} , resigned on Monday .",
    "In {LOC} , {PER} met a group from {ORG} .",
    "Trains from {LOC} to {LOC} were late .",
    "{PER} and {PER} wrote a book about {LOC} .",
    "Shares of {ORG} fell after a report by {ORG} .",
    "It rained all week .",
    "Nobody from {ORG} answered the phone .",
]


def requests(rng: random.Random, count: int = 400) -> list[dict[str, Any]]:
    rows = []
    for _ in range(count):
        intent = rng.choice(list(INTENTS))
        body = rng.choice(INTENTS[intent]).format(item=rng.choice(ITEMS))
        text = rng.choice(OPENINGS) + body + rng.choice(CLOSINGS)
        rows.append({"text": text, "label": intent})
    return rows


def sentences(rng: random.Random, count: int = 300) -> list[dict[str, Any]]:
    rows = []
    for _ in range(count):
        tokens: list[str] = []
        tags: list[str] = []
        for part in rng.choice(PATTERNS).split():
            kind = part.strip("{}")
            words = rng.choice(ENTITIES[kind]).split() if kind in ENTITIES else [part]
            inside = [f"I-{kind}"] * (len(words) - 1)
            tokens += words
            tags += [f"B-{kind}", *inside] if kind in ENTITIES else ["O"]
        rows.append({"tokens": tokens, "tags": tags})
    return rows
