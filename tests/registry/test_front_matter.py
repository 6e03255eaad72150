"""The YAML of a card: whatever stands there, a push is answered."""

from __future__ import annotations

import json

import pytest

from registry.services import front_matter
from tests.registry.files import put


@pytest.mark.parametrize(
    "block",
    [
        "a: .inf",
        "a: .nan",
        'a: "\\ud800"',
        '"\\0k": "\\0"',
        "a: 0x" + "f" * 6000,
        "a: !!timestamp x",
        "a: !!bool x",
        "{" * 3000,
    ],
)
def test_it_becomes_what_a_row_can_hold(model, ada, block):
    text = f"---\n{block}\n---\n# A model\n"
    told = json.dumps(front_matter.parse(text).data, allow_nan=False)
    assert "\\u0000" not in told
    assert "\\ud800" not in told
    put(model, ada, {"README.md": text.encode()})
    model.refresh_from_db()
    assert model.card == json.loads(told)


@pytest.mark.timeout(20)
def test_a_very_long_one_is_not_read():
    text = "---\n" + "".join(f"k{n}: v\n" for n in range(300_000)) + "---\nbody"
    card = front_matter.parse(text)
    assert (card.data, card.body) == ({}, "body")
    assert "longer than" in card.problem
