"""The card names a licence the Hub knows, and its text travels along."""

from __future__ import annotations

import pytest

from tests.recipes.checked import CARD, check, model, only, rules


def card(front):
    return f"---\n{front}\n---\n# A model\n"


def test_it_passes_a_complete_repository(tmp_path):
    result = check(tmp_path, model())
    assert result["verdict"] == "passed"
    assert result["findings"] == []
    licence = {"id": "apache-2.0", "name": None, "text_file": "LICENSE"}
    assert result["licence"] == licence
    assert result["tensors"]["model.safetensors"]["parameters"] == 22


def test_it_lists_every_fault_at_once(tmp_path):
    files = model(**{"README.md": card("license: mti"), "LICENSE": None, "run.exe": b"MZ\0\0"})
    assert sorted(rules(check(tmp_path, files))) == ["executable", "licence", "licence-text"]


def test_it_asks_for_a_card(tmp_path):
    fix = only(check(tmp_path, model(**{"README.md": None})))["fix"]
    assert fix.startswith("Add a README.md that begins with the three lines `---`, `license:")


def test_it_names_the_line_of_broken_front_matter(tmp_path):
    front = "license: mit\ntags: [a, b\nmetrics: x"
    finding = only(check(tmp_path, model(**{"README.md": card(front)})))
    assert (finding["path"], finding["line"]) == ("README.md", 4)
    assert "line 4" in finding["message"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# No front matter\n", "no YAML front matter"),
        ("---\nlicense: mit\n", "never closed"),
        ("---\n- license\n---\n", "'key: value' lines"),
        ("---\nlicense: mit\nlicense: gpl\n---\n", "appears twice"),
        ("---\na: &x [1]\nb: *x\n---\n", "aliases"),
        ("---\na: !!python/object/apply:os.system ['true']\n---\n", "line 2"),
        (b"---\nlicense: mit\n---\n\xff", "not UTF-8"),
    ],
)
def test_it_explains_a_card_it_cannot_read(tmp_path, text, words):
    assert words in only(check(tmp_path, model(**{"README.md": text})))["message"]


@pytest.mark.parametrize(
    ("declared", "suggestion"),
    [
        ("Apache-2.0", "apache-2.0"),
        ("Apache 2.0", "apache-2.0"),
        ("apache2", "apache-2.0"),
        ("MIT", "mit"),
        ("cc-by-sa4.0", "cc-by-sa-4.0"),
        ("GPL-3.0-only", "gpl-3.0"),
        ("ODbL-1.0", "odbl"),
    ],
)
def test_it_suggests_the_licence_that_was_meant(tmp_path, declared, suggestion):
    finding = only(check(tmp_path, model(**{"README.md": card(f"license: {declared}")})))
    assert f"Did you mean `{suggestion}`?" in finding["fix"]
    assert finding["line"] == 2


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("title: x", "names no licence"),
        ("license:", "names no licence"),
        ("license: 2.0", "one identifier"),
        ("license: [mit, gpl-3.0]", "one identifier"),
        ("license: cc", "names a family"),
        ("license: unknown", "nobody may use"),
        ("license: other", "needs a name"),
        ("license: quite-something-else", "is not known"),
    ],
)
def test_it_refuses_a_licence_nobody_can_rely_on(tmp_path, front, words):
    assert words in only(check(tmp_path, model(**{"README.md": card(front)})))["message"]


def test_another_licence_needs_a_name_and_its_text(tmp_path):
    front = "license: other\nlicense_name: house-rules"
    result = check(tmp_path, model(**{"README.md": card(front)}))
    assert result["verdict"] == "passed"
    assert result["licence"]["name"] == "house-rules"


@pytest.mark.parametrize("name", ["LICENSE", "LICENSE.md", "licence.txt", "COPYING"])
def test_it_finds_the_text_under_its_usual_names(tmp_path, name):
    files = model(**{"LICENSE": None, name: "Permission is hereby granted, free of charge"})
    assert check(tmp_path, files)["licence"]["text_file"] == name


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_it_asks_for_the_text_of_the_licence(tmp_path, text):
    finding = only(check(tmp_path, model(LICENSE=text)))
    assert finding["rule"] == "licence-text"
    assert "file named LICENSE" in finding["fix"]


def test_a_text_deep_in_the_tree_does_not_count(tmp_path):
    files = model(**{"LICENSE": None, "docs/LICENSE": "x" * 100})
    assert only(check(tmp_path, files))["rule"] == "licence-text"


def test_a_small_patch_counts_with_the_text_of_its_whole_tree(tmp_path):
    result = check(tmp_path, model(**{"README.md": CARD}), changed=["README.md"])
    assert result["verdict"] == "passed"
    assert result["patch"]["kind"] == "card"
