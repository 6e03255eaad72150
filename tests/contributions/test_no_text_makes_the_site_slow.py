"""Text that anybody may push is read in a time that grows with its length, not faster."""

from __future__ import annotations

import pytest

from contributions.services import diffs, history, reviews
from registry.services.commits import AddFile

pytestmark = pytest.mark.timeout(30)


def test_spaces_in_a_trailer(cast):
    message = "Co-authored-by:" + " " * 50_000 + "x<" + "\nCo-authored-by: Emil <emil@example.org>"
    offer = cast.offer(by=cast.ada)
    cast.push(cast.model, AddFile("a", b"1"), by=cast.ada, to="refs/pr/1", message=message)
    offer.refresh_from_db()
    interest = reviews.interest_of(cast.emil, offer)
    assert interest.of_them == "they uploaded or co-wrote a commit of it"
    assert reviews.interest_of(cast.lena, offer) is None


@pytest.mark.parametrize(
    "trailer",
    [
        "Co-authored-by: emil",
        "co-authored-by:@Emil",
        "Co-Authored-By: E <EMIL@example.org> ",
        "Co-authored-by: E <1+emil@users.noreply.example.org>",
    ],
)
def test_a_trailer_is_still_understood(cast, trailer):
    emil = cast.emil.pk
    assert history.co_authors(f"Text.\r\n\r\n{trailer}\r\nmore") == {emil}


def test_files_that_are_laborious_to_compare(cast):
    before = "".join(f"{n % 150}\n" for n in range(30_000)).encode()
    after = "".join(f"{n * 7 % 151}\n" for n in range(30_000)).encode()
    small = AddFile("a.txt", b"one\n")
    base = cast.push(cast.model, AddFile("b.txt", before[:99_000]), small, by=cast.berta)
    head = cast.push(
        cast.model, AddFile("b.txt", after[:99_000]), AddFile("a.txt", b"two\n"), by=cast.berta
    )
    text = diffs.unified(cast.model, base.oid, head.oid)
    assert "+two" in text
    assert "Binary files a/b.txt and b/b.txt differ" in text
