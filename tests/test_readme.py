"""What the README names exists, and what exists is named there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def _section(title):
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def _named_in(section, pattern):
    """The names in the first cell of each row of the section's table."""
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return set(re.findall(pattern, " ".join(cells)))


def test_it_names_every_setting_and_no_other():
    sources = [*ROOT.glob("registry/config/*.py"), ROOT / "registry/servers/parts.py"]
    pattern = r'(?:env\.\w+|environ\.get)\(\s*"([A-Z][A-Z0-9_]+)"'
    read = {name for path in sources for name in re.findall(pattern, path.read_text())}
    assert _named_in(_section("Settings"), r"`([A-Z0-9_]+)`") == read


def test_it_names_every_command_and_no_other():
    commands = {
        path.stem
        for path in ROOT.glob("*/management/commands/*.py")
        if not path.stem.startswith("_")
    }
    assert _named_in(_section("Commands"), r"`(\w+)`") == commands


def test_it_names_every_make_target_and_no_other():
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    # `browser` is a part of `test`.
    assert _named_in(_section("Start"), r"make ([a-z-]+)") == set(targets.split()) - {"browser"}
