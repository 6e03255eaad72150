from __future__ import annotations

import pytest

from contributions.services import cards
from registry.services.commits import AddFile


@pytest.mark.parametrize(
    ("front", "track", "evaluate", "datasets"),
    [
        ("track: digits\nevaluate: true\ndatasets: a/b", "digits", True, ("a/b",)),
        ("track: ' D '\nevaluate: 'Yes'\ndatasets: [a/b, 7, c/d]", "D", True, ("a/b", "c/d")),
        ("track: [a, b]\nevaluate: 'no'", "", False, ()),
        ("track: 2024-01-01\nevaluate: 1", "2024-01-01", False, ()),
        ("track: [unclosed", "", False, ()),
        ("- a list", "", False, ()),
    ],
)  # fmt: skip
def test_it_takes_what_is_meant_and_ignores_the_rest(cast, front, track, evaluate, datasets):
    readme = AddFile("README.md", f"---\n{front}\n---\n# Card\n".encode())
    card = cards.read(cast.push(cast.model, readme, by=cast.berta))
    assert (card.track, card.evaluate, card.datasets) == (track, evaluate, datasets)


def test_a_repository_without_a_card_says_nothing(cast):
    bare = cast.repository("bare", "model")
    revision = cast.push(bare, AddFile("a.txt", b"a"), by=cast.berta)
    assert cards.read(revision).data == {}
