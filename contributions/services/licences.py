"""Licences that a person may choose from, and the texts that can be added for them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from registry.services.card_rules import LICENCES

OTHER = "other"
# What most people want, named as people name it.
COMMON = {
    "apache-2.0": "Apache License 2.0",
    "mit": "MIT License",
    "bsd-3-clause": "BSD 3-Clause",
    "cc-by-4.0": "Creative Commons Attribution 4.0",
    "cc-by-sa-4.0": "Creative Commons Attribution-ShareAlike 4.0",
    "cc0-1.0": "CC0 1.0, no rights reserved",
    "cdla-permissive-2.0": "Community Data License Agreement, permissive 2.0",
    "odc-by": "Open Data Commons Attribution",
    "gpl-3.0": "GNU General Public License 3.0",
}
# Names of families, and the lack of one: the check refuses them.
_VAGUE = {"bsd", "lgpl", "gpl", "gfdl", "cc", "openrail", "unknown", OTHER}
_TEXTS = Path(__file__).with_name("licence_texts")
_BY_REFERENCE = {
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/legalcode",
    "cc-by-sa-4.0": "https://creativecommons.org/licenses/by-sa/4.0/legalcode",
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/legalcode",
}


def options() -> list[tuple[str, str]]:
    """(id, name): the common ones first, then all others that name one licence."""
    rest = sorted(LICENCES - COMMON.keys() - _VAGUE)
    return [
        *((key, f"{name} ({key})") for key, name in COMMON.items()),
        *((key, key) for key in rest),
    ]


def is_choice(licence: str) -> bool:
    return licence == OTHER or (licence in LICENCES and licence not in _VAGUE)


def text_of(licence: str, *, holder: str) -> str:
    """A LICENSE file for it; empty where the person has to bring the text."""
    if licence in _BY_REFERENCE:
        return (
            f"Copyright {dt.date.today().year} {holder}\n\n"
            f"Licensed under {COMMON[licence]}. Full text:\n{_BY_REFERENCE[licence]}\n"
        )
    file = _TEXTS / f"{licence}.txt"
    if licence not in COMMON or not file.is_file():
        return ""
    text = file.read_text(encoding="utf-8")
    return text.replace("{year}", str(dt.date.today().year)).replace("{holder}", holder)
