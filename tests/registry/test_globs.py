"""Patterns match as git says they do, and none takes long."""

from __future__ import annotations

import pytest

from registry.services import globs
from registry.services.large_files import DEFAULT_GITATTRIBUTES, Rules


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("*.bin", ["a.bin", "x/y/a.bin", ".bin"], ["a.bin.txt", "a.binx"]),
        ("data/*.csv", ["data/a.csv"], ["a.csv", "data/x/a.csv", "x/data/a.csv"]),
        ("/a.txt", ["a.txt"], ["x/a.txt"]),
        ("saved/**/*", ["saved/a", "saved/x/y"], ["saved", "unsaved/a"]),
        ("**/logs/x", ["logs/x", "a/b/logs/x"], ["logs/y", "alogs/x"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "b/a"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb"]),
        ("*tfevents*", ["x/tfevents.1", "tfevents"], ["tfevent"]),
        ("a?[0-9][!x].t", ["ab1y.t"], ["ab1x.t", "abcy.t"]),
        ("*a*b*c", ["abc", "xaxbxc", "aabbcc"], ["acb", "abcx"]),
        (r"\#x", ["#x"], [r"\#x"]),
        ("[z-a]", [], ["z", "a"]),
        ("[", ["["], ["x"]),
    ],
)
def test_it_matches_as_git_does(pattern, matching, others):
    matches = globs.matcher(pattern)
    assert [path for path in [*matching, *others] if matches(path)] == matching


def test_the_last_line_of_a_gitignore_decides():
    rules = Rules(ignore="*.log\n!keep.log\n/build/\n# comment\ntmp/\n\n")
    ignored = ["a.log", "x/a.log", "build/x", "tmp/y", "x/tmp/y"]
    kept = ["keep.log", "x/build/y", "build", "tmp", "comment"]
    assert [path for path in [*ignored, *kept] if rules.is_ignored(path)] == ignored


def test_the_default_patterns_are_those_of_the_hub():
    rules = Rules(attributes=DEFAULT_GITATTRIBUTES.decode())
    large = ["a.safetensors", "x/y.bin", "saved_model/x/a.txt", "tfevents.1"]
    small = ["a.json", "README.md", "saved_model"]
    assert [path for path in [*large, *small] if rules.is_large(path, 10)] == large


@pytest.mark.timeout(20)
@pytest.mark.parametrize("pattern", ["*a" * 60 + "b", "**/" * 60 + "b", "a/**/" * 60 + "*b*b*c"])
def test_no_pattern_hangs(pattern):
    assert not globs.matcher(pattern)("/".join(["a" * 250] * 30))
    assert Rules(ignore=f"{pattern}\n" * 5).is_ignored("a" * 250) is False
