"""Text that anybody may push is read in a time that grows with its length, not faster."""

from __future__ import annotations

import subprocess

import pytest

from contributions.services import history, reviews
from registry.models import Role
from registry.services import accounts, commits
from registry.services.commits import AddFile, DeleteFile

# Not counting what a site takes to be made.
pytestmark = pytest.mark.timeout(30, func_only=True)


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


# --- two texts that are laborious to compare ------------------------------------------------


def interleaved(lines: int) -> tuple[str, str]:
    """No two equal lines stand side by side in both, and none is frequent enough to be left out:
    what compares blocks, the longest first, takes the third power of the length."""
    kept = [f"s{n % 60}\n" for n in range(lines)]
    return "".join(kept), "".join(f"{line}u{n % 60}\n" for n, line in enumerate(kept))


@pytest.fixture
def pulled(cast):
    """A pull request that makes the one text of the other, and a line of `b.txt` another."""

    def made(lines=7000):
        before, after = (text.encode() for text in interleaved(lines))
        cast.push(cast.model, AddFile("a.txt", before), AddFile("b.txt", b"one\n"), by=cast.berta)
        return cast.offer(AddFile("a.txt", after), AddFile("b.txt", b"two\n"))

    return made


@pytest.mark.parametrize("query", ["?as=diff", ""])
def test_anybody_compares_two_revisions(pulled, client, query):
    pulled()
    answer = client.get(f"/berta/digits/compare/main...refs/pr/1{query}")
    assert "b.txt" in answer.text
    assert "s59" in answer.text


def test_anybody_reads_a_commit_as_a_diff(pulled, client):
    head = pulled().head_revision
    assert "-one\n+two\n" in client.get(f"/berta/digits/commit/{head}?as=diff").text


def test_a_client_of_the_hub_asks_for_the_diff(pulled, client):
    pulled()
    answer = client.get("/api/models/berta/digits/discussions/1?diff=1")
    assert "-one\n+two\n" in answer.json()["diff"]


def test_a_change_is_previewed_before_it_is_sent(pulled, cast, client):
    pulled()
    client.force_login(cast.emil)
    address = "/berta/digits/edit/main/a.txt"
    base = commits.resolve(cast.model).oid
    text = interleaved(7000)[1]
    answer = client.post(address, {"text": text, "title": "x", "base": base, "do": "preview"})
    assert "+u59" in answer.text
    short = client.post(address, {"text": "\n" * 199_000, "base": base, "do": "preview"})
    assert "too many lines" in short.text


def test_a_reviewer_looks_at_the_changes(pulled, cast, client):
    offer = pulled(lines=3000)
    accounts.grant_role(cast.emil, Role.OPERATOR, granted_by=None)
    client.force_login(cast.emil)
    answer = client.get(f"/admin/reviews/{offer.pk}/?show=changes")
    assert "-one" in answer.text
    assert "+u59" in answer.text


def test_a_diff_of_many_files_ends_somewhere(cast, client):
    files = [AddFile(f"{n}.txt", bytes(90_000) + str(n).encode()) for n in range(60)]
    head = cast.push(cast.model, *files, by=cast.berta)
    text = client.get(f"/berta/digits/commit/{head.oid}?as=diff").text
    assert "Binary files /dev/null and b/0.txt differ" in text
    assert text.endswith("read the files themselves.\n")


def test_a_diff_is_one_that_git_applies(cast, client, tmp_path):
    texts = {
        "same-end.txt": ("one\ntwo", "one\ntwo\n"),
        "new.txt": (None, "a\n\x0cb\r\n\u2028c"),
        "gone.txt": ("x\n" * 5, None),
        "long.txt": ("".join(f"{n}\n" for n in range(50)), "".join(f"{n}\n" for n in range(1, 60))),
    }
    base = cast.push(cast.model, *_side(texts, 0), by=cast.berta)
    head = cast.push(cast.model, *_side(texts, 1), DeleteFile("gone.txt"), by=cast.berta)
    diff = client.get(f"/berta/digits/compare/{base.oid}...{head.oid}?as=diff").text
    for name, (before, _) in texts.items():
        if before is not None:
            (tmp_path / name).write_bytes(before.encode())
    done = subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tmp_path, check=False)
    assert done.returncode == 0
    for name, (_, after) in texts.items():
        found = (tmp_path / name).read_bytes().decode() if (tmp_path / name).exists() else None
        assert found == after, name


def _side(texts, side):
    return [AddFile(name, pair[side].encode()) for name, pair in texts.items() if pair[side]]
