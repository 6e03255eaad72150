"""What changed between two revisions: files, lines, tensors, rows."""

from __future__ import annotations

import html
import json
import os
import random
import struct

import pytest

from registry.services import commits, line_diffs, refs
from registry.services.commits import AddFile, DeleteFile
from tests.web import weights

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def change(scene, client):
    """`change({path: content or None})` commits to ada/digits and gives the page of the commit."""

    def made(files, query=""):
        operations = [
            DeleteFile(path)
            if content is None
            else AddFile(path, content if isinstance(content, bytes) else content.encode())
            for path, content in files.items()
        ]
        revision = commits.commit(
            scene.model,
            ref="refs/heads/main",
            author=scene.ada,
            title="Change",
            operations=operations,
        )
        response = client.get(f"/ada/digits/commit/{revision.oid}{query}")
        assert response.status_code == 200
        assert len(response.content) < 200_000
        return response

    return made


def test_lines_are_numbered_on_both_sides(change, page_rules):
    change({"a.txt": "one\ntwo\nthree\n"})
    response = change({"a.txt": f"one\n{EVIL}\nthree\nfour\n"})
    page_rules(response, "a commit")
    assert '<tr class="out"><td>2</td><td></td><td>- two</td></tr>' in response.text
    assert f"<td>2</td><td>+ {html.escape(EVIL)}</td>" in response.text
    assert '<tr class="in"><td></td><td>4</td><td>+ four</td></tr>' in response.text
    assert EVIL not in response.text


def test_added_removed_and_renamed_files_are_told_apart(change, page_rules):
    change({"old.txt": "the same words\n", "gone.txt": "x\n"})
    response = change(
        {"old.txt": None, "gone.txt": None, "new.txt": "the same words\n", "b.txt": "y"}
    )
    page_rules(response, "a commit")
    assert "old.txt → new.txt" in response.text
    assert "3 changed files" in response.text


def test_the_first_commit_is_compared_with_nothing(scene, client):
    first = scene.model.revisions.get(generation=0)
    assert ".gitattributes" in client.get(f"/ada/digits/commit/{first.oid}").text
    plain = client.get(f"/ada/digits/commit/{first.oid}?as=diff")
    assert plain["Content-Type"].startswith("text/plain")
    assert "sandbox" in plain["Content-Security-Policy"]
    assert "new file mode" in plain.text


def test_two_revisions_of_any_name_can_be_compared(scene, client, page_rules):
    refs.create_branch(scene.model, "feature/x", actor=scene.ada)
    for pair in ("main...refs/pr/4", "feature/x...refs/pr/4", f"{scene.head.oid[:8]}...main"):
        response = client.get(f"/ada/digits/compare/{pair}")
        assert response.status_code == 200, pair
        page_rules(response, pair)
    assert "scheduler: cosine" in client.get("/ada/digits/compare/main...refs/pr/4").text
    assert "hold the same files" in client.get("/ada/digits/compare/main...main").text
    sent = client.get("/ada/digits/compare?base=main&head=refs/pr/4")
    assert sent["Location"] == "/ada/digits/compare/main...refs/pr/4"
    assert client.get("/ada/digits/compare?base=main&head=//evil.example").status_code == 404


def test_tensors_are_compared_by_their_numbers(change, page_rules):
    before = {
        "same": weights.f32(1, 2),
        "moved": weights.f32(3, 4),
        "half": weights.f16(1, 1),
        "brain": weights.bf16(2, 0),
        "shaped": weights.f32(1),
        "gone": weights.f32(1),
    }
    after = {
        "same": weights.f32(1, 2),
        "moved": weights.f32(3, 4.5),
        "half": weights.f16(1, 1.5),
        "brain": weights.bf16(2, 1),
        "shaped": weights.f32(1, 2),
        "new": weights.f32(1),
    }
    change({"m.safetensors": weights.file(before)})
    response = change({"m.safetensors": weights.file(after)})
    page_rules(response, "a commit")
    assert "6 tensors differ, 1 are the same" in response.text
    rows = {r.split("</th>")[0]: r for r in response.text.split('<th scope="row">')[1:]}
    assert '<td class="num">0.1</td><td class="num">0.5</td>' in rows["moved"]
    assert '<td class="num">0.354</td><td class="num">0.5</td>' in rows["half"]
    assert '<td class="num">0.5</td><td class="num">1</td>' in rows["brain"]
    assert "other shape or type" in rows["shaped"]
    assert "new" in rows["new"]
    assert "removed" in rows["gone"]


def test_what_is_not_finite_has_no_distance(change):
    change({"m.safetensors": weights.file({"a": weights.f32(1, 2)})})
    found = change({"m.safetensors": weights.file({"a": weights.f32(1, float("nan"))})}).text
    assert '<td class="num">–</td><td class="num">–</td>' in found


def test_large_weights_are_compared_by_their_headers(change):
    zeros = bytes(4 * 6_000_000)
    change({"m.safetensors": weights.file({"a": ("F32", [6_000_000], zeros)})})
    response = change(
        {"m.safetensors": weights.file({"a": ("F32", [3_000_000, 2], zeros), "b": weights.f32(1)})}
    )
    assert "only names, types and shapes were compared" in response.text
    assert "other shape or type" in response.text


def test_a_file_that_is_no_safetensors_file_is_a_note(change):
    change({"m.safetensors": b"x" * 30})
    assert "no safetensors file" in change({"m.safetensors": b"y" * 30}).text


def test_rows_of_tables_are_counted(change):
    change({"a.csv": "a,b\n1,2\n3,4\n", "b.jsonl": '{"a": 1}\n'})
    text = change({"a.csv": "a,c\n3,4\n1,2\n5,6\n", "b.jsonl": '{"a": 1}\n{"a": 2}\n'}).text
    assert "Rows: 2 → 3; 1 added, 0 removed" in text
    assert "New columns: c." in text
    assert "Rows: 1 → 2; 1 added, 0 removed" in text


def test_a_long_difference_is_leafed_through(change, client):
    change({"a.txt": "".join(f"{n}\n" for n in range(3000))})
    response = change({"a.txt": "".join(f"{n} x\n" for n in range(3000))})
    assert "Show more of this file" in response.text
    link = html.unescape(response.text.split('<p><a href="?file=')[1].split('"')[0])
    address = response.request["PATH_INFO"]
    more = client.get(f"{address}?file={link}")
    assert "From the beginning of the file" in more.text
    assert len(more.content) < 200_000


def test_many_files_come_in_pages(change, client):
    response = change({f"many/{n:03}.txt": f"{n}\n" * 50 for n in range(150)})
    assert "150 changed files" in response.text
    assert "Page 1 of 4" in response.text
    again = client.get(f"{response.request['PATH_INFO']}?page=4")
    assert "many/149.txt" in again.text


def noise(lines, kinds, seed):
    chosen = random.Random(seed)
    return "".join(f"{chosen.randrange(kinds)}\n" for _ in range(lines))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (noise(60_000, 2, 1), noise(60_000, 2, 2)),
        (noise(40_000, 100, 1), noise(40_000, 100, 2)),
        ("<" * 90_000, ">" * 90_000),
        ("a\n" * 100_000, "a\n" * 99_999 + "b\n"),
        ("x" * 400_000, "y" * 400_000),
    ],
)
@pytest.mark.timeout(30)
def test_no_two_texts_make_a_page_hang_or_long(change, before, after):
    change({"a.txt": before})
    change({"a.txt": after})


@pytest.mark.timeout(30)
def test_no_weights_make_a_page_hang_or_long(change):
    def many(seed):
        tensors = {f"layer.{n}": ("F32", [2], struct.pack("<2f", n, seed)) for n in range(9000)}
        return weights.file({**tensors, "big": ("F32", [2_000_000], os.urandom(8_000_000))})

    change({"m.safetensors": many(1)})
    text = change({"m.safetensors": many(2)}).text
    assert "more tensors" in text


def test_one_page_does_not_count_the_rows_of_every_table(change, client):
    """Each is small enough by itself."""

    def tables(cell):
        return {f"{n}.csv": f"a,b\n{cell},{n}\n" + "1,2\n" * 700_000 for n in range(5)}

    change(tables("x"))
    response = change(tables("y"))
    assert response.text.count("Rows: 700001 → 700001; 1 added, 1 removed") == 2
    assert response.text.count("too large to compare line by line") == 5
    alone = client.get(f"{response.request['PATH_INFO']}?file=4.csv").text
    assert "Rows: 700001 → 700001" in alone


def test_one_page_does_not_read_every_long_header(change, client):
    def files(seed):
        padding = {"about": "x" * 3_900_000}
        return {
            f"{n}.safetensors": weights.file({"a": weights.f32(n, seed)}, padding) for n in range(5)
        }

    change(files(1))
    response = change(files(2))
    assert response.text.count("1 tensors differ") == 4
    assert "Too much has changed" in response.text
    alone = client.get(f"{response.request['PATH_INFO']}?file=4.safetensors").text
    assert "1 tensors differ" in alone


def test_the_shortest_script_is_found_and_always_true():
    for seed in range(300):
        chosen = random.Random(seed)
        before, after = (
            [chosen.choice("abc") for _ in range(chosen.randrange(12))] for _ in range(2)
        )
        found = line_diffs.compare(before, after, line_diffs.Budget())
        lines = [line for hunk in found.hunks for line in hunk.lines]
        for line in lines:
            assert line.old is None or before[line.old - 1] == line.text
            assert line.new is None or after[line.new - 1] == line.text
        common = _longest_common(before, after)
        assert found.added + found.removed == len(before) + len(after) - 2 * common, seed


def _longest_common(one, other):
    row = [0] * (len(other) + 1)
    for x in one:
        before = row
        row = [0]
        for at, y in enumerate(other):
            row.append(before[at] + 1 if x == y else max(before[at + 1], row[-1]))
    return row[-1]


def test_names_in_a_difference_are_text(change, page_rules):
    response = change({"<img src=x onerror=alert(2)>.txt": EVIL, "b.json": json.dumps({"a": EVIL})})
    page_rules(response, "a commit")
    assert "<img src=x" not in response.text
    assert EVIL not in response.text


def test_history_says_what_belongs_to_what(scene, client, page_rules):
    response = client.get("/ada/digits/commits/main")
    page_rules(response, "history")
    assert "release 1 of digits" in response.text
    refs.create_tag(scene.model, "v1", actor=scene.ada, revision="main")
    response = client.get("/ada/digits/refs")
    page_rules(response, "refs")
    assert ">v1</a>" in response.text


def test_a_long_history_is_leafed_through(scene, client):
    for n in range(60):
        commits.commit(
            scene.plain,
            ref="refs/heads/main",
            author=scene.berta,
            title=f"Commit {n}",
            operations=[AddFile("a.txt", str(n).encode())],
        )
    first, second = (client.get(f"/berta/scratch/commits/main?page={n}").text for n in (1, 2))
    assert "61 commits" in first
    assert "Commit 59" in first
    assert "Commit 9<" not in first
    assert "Commit 9<" in second
    assert "initial commit" in second
