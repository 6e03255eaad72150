"""The files of a repository are shown by what they are, and never do harm."""

from __future__ import annotations

import io
import json
import struct

import pytest

from registry.models import Repository
from registry.services import commits, decoder, previews, refs, repositories
from registry.services.commits import AddFile
from tests.web import weights

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>"


@pytest.fixture
def put(scene):
    """`put(path, content)` writes one file into ada/digits and gives the address of its page."""

    def write(path, content):
        data = content if isinstance(content, bytes) else content.encode()
        commits.commit(
            scene.model,
            ref="refs/heads/main",
            author=scene.ada,
            title=f"Write {path}",
            operations=[AddFile(path, data)],
        )
        return f"/ada/digits/blob/main/{path}"

    return write


def page(client, address, page_rules=None):
    response = client.get(address)
    assert response.status_code == 200, address
    assert len(response.content) < 200_000, address
    if page_rules:
        page_rules(response, address)
    return response.content.decode()


def test_a_text_has_numbered_lines_to_link_to(client, put, page_rules):
    html = page(client, put("notes.txt", "one\ntwo <b>\n"), page_rules)
    assert '<li id="L2"><a href="#L2">2</a><span>two &lt;b&gt;</span></li>' in html
    assert 'id="L3"' not in html


def test_a_long_text_comes_in_parts_that_keep_their_numbers(client, put):
    address = put("long.txt", "".join(f"line {n}\n" for n in range(1, 2501)))
    assert 'id="L1000"' in page(client, address)
    second = page(client, f"{address}?view=source&page=2")
    assert 'id="L1001"' in second
    assert "line 1001" in second
    assert 'id="L2500"' in page(client, f"{address}?view=source&page=3")
    assert 'id="L2500"' in page(client, f"{address}?page=99")
    assert 'id="L1"' in page(client, f"{address}?page=x")


@pytest.mark.parametrize("text", ["<" * 900_000, "&\n" * 200_000, "\n" * 900_000, "é" * 700_000])
def test_a_page_stays_small_whatever_the_text_is(client, put, text):
    page(client, put("odd.txt", text))


def test_markdown_is_rendered_and_its_source_is_one_link_away(client, put, page_rules):
    address = put("docs/a.md", f"---\nlicense: mit\n---\n# Title\n\n{EVIL} ![pic](b.png)")
    html = page(client, address, page_rules)
    assert "<h2>Title</h2>" in html
    assert "/resolve/" in html
    assert "/docs/b.png" in html
    assert "<script>alert" not in html
    source = page(client, f"{address}?view=source")
    assert "# Title" in source
    assert "&lt;script&gt;" in source


def test_json_is_indented_and_can_be_read_as_it_is(client, put):
    address = put("a.json", json.dumps({"a": [1, {"b": EVIL}]}))
    html = page(client, address)
    assert "Indented for reading" in html
    assert "<script>alert" not in html
    assert "Indented for reading" not in page(client, f"{address}?view=source")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["[" * 90_000, "[" * 900 + "]" * 900, "1" * 9999, "{", "[NaN]"])
def test_odd_json_is_shown_as_text(client, put, text):
    assert 'class="lines' in page(client, put("odd.json", text))


def test_pictures_come_from_resolve_and_svg_and_html_are_only_text(client, put):
    assert '<img src="/ada/digits/resolve/' in page(client, put("a.png", b"\x89PNG\r\n"))
    svg = page(client, put("a.svg", "<svg onload=alert(1)></svg>"))
    assert "&lt;svg onload" in svg
    assert "<svg onload" not in svg
    html = page(client, put("a.html", "<script>alert(1)</script>"))
    assert "&lt;script&gt;" in html
    assert "<script>alert" not in html


def test_a_table_of_text_shows_its_first_rows(client, put, page_rules):
    rows = "\n".join(f'{n},"{EVIL.replace(chr(34), chr(34) * 2)}"' for n in range(200))
    html = page(client, put("data.csv", f"number,<b>text\n{rows}\n"), page_rules)
    assert "50 of 200 rows" in html
    assert "<script>alert" not in html
    assert "&lt;b&gt;text" in html
    lines = "".join(json.dumps({"a": n, "b": {"c": EVIL}}) + "\n" for n in range(3))
    html = page(client, put("data.jsonl", lines), page_rules)
    assert "3 of 3 rows" in html
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b'a,b\n"' + b"x" * 200_000),
        ("a.csv", b""),
        ("b.csv", b"," * 100_000),
        ("a.jsonl", b"{\n"),
        ("a.jsonl", b"[" * 5000),
        ("a.parquet", b"PAR1" + b"\xff" * 100 + b"PAR1"),
        ("a.parquet", b""),
    ],
)
def test_a_broken_table_is_a_note_and_no_fault(client, put, name, content):
    page(client, put(name, content))


def test_parquet_shows_rows_types_and_count(client, put, page_rules):
    import pyarrow
    from pyarrow import parquet

    file = io.BytesIO()
    table = {"text": [EVIL, "b"], "label": [0, 1], "raw": [b"\0", b"ab"]}
    parquet.write_table(pyarrow.table(table), file)
    html = page(client, put("a.parquet", file.getvalue()), page_rules)
    assert "2 of 2 rows" in html
    assert "int64" in html
    assert "2 bytes" in html
    assert "<script>alert" not in html


# What bytes that took the decoder over would do first.
TAKEN_OVER = """
import json, os, pathlib, sys
def read(path):
    try:
        return pathlib.Path(path).read_bytes().decode(errors="replace")
    except OSError:
        return ""
told = {
    "environment": "".join(read(f"/proc/{pid}/environ") for pid in os.listdir("/proc")),
    "own": repr(sorted(os.environ)),
    "secret": read(sys.argv[0].replace("program.py", "secret")),
    "folder": repr(os.listdir(os.path.dirname(sys.argv[0]))),
}
said = {"columns": [[name, "string"] for name in told], "rows": [list(told.values())]}
json.dump({**said, "total": 1, "all_columns": 4}, sys.stdout)
"""


def test_a_decoder_that_was_taken_over_finds_nothing(client, put, tmp_path, monkeypatch):
    (tmp_path / "program.py").write_text(TAKEN_OVER)
    (tmp_path / "secret").write_text("the key of the site")
    monkeypatch.setattr(previews, "PROGRAM", tmp_path / "program.py")
    monkeypatch.setenv("DATABASE_URL_OF_THE_SITE", "postgres://secret")
    html = page(client, put("a.parquet", b"PAR1 any bytes PAR1"))
    assert "&#x27;PATH&#x27;" in html
    assert "DATABASE_URL" not in html
    if decoder.walls():
        assert "the key of the site" not in html
        assert "[&#x27;program.py&#x27;]" in html


def test_a_few_tables_are_decoded_at_a_time(client, put, monkeypatch):
    monkeypatch.setattr(decoder, "PATIENCE_SECONDS", 0.0)
    address = put("a.parquet", b"PAR1 other bytes PAR1")
    with decoder.turn(), decoder.turn():
        assert "many tables are looked into just now" in page(client, address)
    assert "it is damaged" in page(client, address)


def test_weights_show_their_tensors(client, put, page_rules):
    content = weights.file(
        {"layer.<b>": weights.f32(1, 2, 3), "b": weights.f16(1.5)}, metadata={"format": EVIL}
    )
    html = page(client, put("model.safetensors", content), page_rules)
    assert "layer.&lt;b&gt;" in html
    assert "F16" in html
    assert "<dd>4</dd>" in html
    assert "<script>alert" not in html


def test_many_tensors_are_cut(client, put):
    content = weights.file({f"{'layer' * 15}.{n}": weights.f32(1) for n in range(3000)})
    assert "400 of 3000" in page(client, put("model.safetensors", content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8 + b"{}",
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 90_000) + b"[" * 90_000,
        weights.file({}, a={"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 0]}),
        weights.file({}, a={"dtype": "F32", "shape": [-1], "data_offsets": [0, 0]}),
        weights.file({}, a={"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}),
        weights.file({}, a={"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}),
        weights.file({}, a={"dtype": "F32", "shape": [1.5], "data_offsets": [0, 4]}),
        weights.file({}, a=7),
        weights.file(
            {"a": weights.f32(1)}, b={"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
        ),
    ],
)
def test_a_hostile_header_is_refused_in_words(client, put, content):
    assert "no safetensors file that can be read" in page(client, put("m.safetensors", content))


def test_a_command_to_copy_does_only_what_it_says(client, put):
    html = page(client, put("$(touch x); 'a'.bin", b"\0\1"))
    assert "&#x27;$(touch x); &#x27;&quot;&#x27;&quot;&#x27;a" in html


def test_names_of_files_are_text(client, put, page_rules):
    put(f"{EVIL.replace('/', '')}.txt", "a")
    html = page(client, "/ada/digits/tree/main", page_rules)
    assert "<script>alert" not in html
    assert "<img src=x" not in html


@pytest.mark.parametrize(
    "address",
    [
        "tree/nothing",
        "tree/main/../../etc",
        "blob/main/..%2F..%2Fetc%2Fpasswd",
        "blob/main/absent.txt",
        "blob/main",
        "commit/zzz",
        "commit/0000000000000000000000000000000000000000",
        "commits/refs/runs/1",
        "tree/refs/runs/1",
        "compare/main",
        "compare/main...",
        "compare/main...absent",
        "compare/main...main?file=absent",
        "discussions/999",
        "discussions/1/comments/99999999",
        "discussions/99999999999999999999",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(scene, client, address):
    response = client.get(f"/ada/digits/{address}")
    assert response.status_code in (302, 400, 404), response.status_code
    if response.status_code == 302:
        assert response["Location"].startswith("/ada/digits/tree/")


def test_a_new_repository_says_how_to_push(scene, as_person, page_rules):
    made = repositories.create(
        actor=scene.berta, namespace=scene.berta.namespace, name="fresh", repo_type="dataset"
    )
    at = made.get_absolute_url()
    for address in (at, f"{at}/tree/main"):
        response = as_person(scene.berta).get(address)
        page_rules(response, address)
        assert "hf upload berta/fresh ./folder . --repo-type dataset" in response.content.decode()
    made.refs.all().delete()
    for below in ("", "/tree/main", "/commits/main", "/refs", "/compare", "/licence", "/lineage"):
        response = as_person(scene.berta).get(at + below)
        assert response.status_code == 200, below
        page_rules(response, at + below)


@pytest.mark.parametrize("state", ["private", "gated", "disabled"])
def test_files_are_closed_with_the_repository(scene, as_person, state):
    values = {"private": True, "gated": "manual", "disabled": True}
    Repository.objects.filter(pk=scene.model.pk).update(**{state: values[state]})
    head = refs.resolve(scene.model).oid
    below = ["tree/main", "blob/main/README.md", "commits/main", f"commit/{head}", "refs"]
    below += ["compare/main...refs/pr/1", f"compare/main...{head}?as=diff"]
    for part in below:
        address = f"/ada/digits/{part}"
        assert as_person(None).get(address).status_code in (302, 404), part
        assert as_person(scene.berta).get(address).status_code in (403, 404), part
        assert as_person(scene.ada).get(address).status_code == 200, part
    open_parts = ["", "/scores", "/credit", "/lineage", "/licence", "/discussions"]
    wanted = 200 if state == "gated" else (403, 404)
    for part in open_parts:
        status = as_person(scene.berta).get(f"/ada/digits{part}").status_code
        assert status == wanted if state == "gated" else status in wanted, part


def test_a_gated_pull_request_keeps_its_files_back(scene, as_person):
    Repository.objects.filter(pk=scene.model.pk).update(gated="manual")
    assert "recipe.yaml" not in as_person(scene.emil).get("/ada/digits/discussions/4").text
    assert "recipe.yaml" in as_person(scene.ada).get("/ada/digits/discussions/4").text


def test_owners_are_told_of_a_quarantine(scene, as_person, page_rules):
    scene.model.quarantines.create(reason=EVIL, placed_by=scene.ada)
    Repository.objects.filter(pk=scene.model.pk).update(disabled=True)
    response = as_person(scene.ada).get("/ada/digits")
    page_rules(response, "/ada/digits")
    assert "Out of circulation" in response.text
    assert "<script>alert" not in response.text
