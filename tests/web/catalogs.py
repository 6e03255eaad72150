"""Texts to translate and their translations, read without gettext: no machine needs its tools."""

from __future__ import annotations

import ast
import re
import struct
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("registry", "contributions")
# Which of a call's arguments are context, text and plural.
_CALLS = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
_LITERAL = r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_CALL = re.compile(rf"\b(_|n?p?gettext)\(\s*u?({_LITERAL}(?:\s*,\s*u?{_LITERAL})*)")
# Context, text, plural; "" where there is none.
Message = tuple[str, str, str]


def file_of(package: str, ending: str) -> Path:
    return ROOT / package / "locale" / "zh_Hans" / "LC_MESSAGES" / f"django.{ending}"


def wanted(package: str) -> dict[Message, str]:
    """Every text of a package that is marked for translation, with the file it stands in."""
    found: dict[Message, str] = {}
    for path in sorted((ROOT / package).rglob("*")):
        if path.suffix == ".py":
            messages = _of_python(path)
        elif "templates" in path.parts and path.suffix in {".html", ".txt"}:
            messages = _of_template(path)
        else:
            continue
        for message in messages:
            found.setdefault(message, str(path.relative_to(ROOT)))
    return found


def _of_python(path: Path) -> list[Message]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            given = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
            found += _message(name, given)
    return found


def _of_template(path: Path) -> list[Message]:
    found = []
    for name, literals in _CALL.findall(templatize(path.read_text(encoding="utf-8"))):
        given = [ast.literal_eval(one) for one in re.findall(_LITERAL, literals)]
        found += _message(name, given)
    return found


def _message(name: str, given: list) -> list[Message]:
    if name not in _CALLS:
        return []
    parts = ["" if at is None else given[at : at + 1] and given[at] for at in _CALLS[name]]
    return [tuple(parts)] if all(isinstance(part, str) for part in parts) and parts[1] else []


def of_po(path: Path) -> dict[Message, str]:
    """The translations of a .po with one plural form; the header is left out."""
    found: dict[Message, str] = {}
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        entry: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            name, _, rest = line.partition(" ")
            key, literal = (key, line) if line.startswith('"') else (name, rest)
            entry[key] = entry.get(key, "") + ast.literal_eval(literal)
        if entry.get("msgid"):
            message = (entry.get("msgctxt", ""), entry["msgid"], entry.get("msgid_plural", ""))
            found[message] = entry.get("msgstr", entry.get("msgstr[0]", ""))
    return found


def of_mo(path: Path) -> dict[Message, str]:
    """The same of a compiled .mo: two tables of lengths and offsets."""
    data = path.read_bytes()
    magic, _, count, ids, texts = struct.unpack_from("<5I", data)
    assert magic == 0x950412DE
    found: dict[Message, str] = {}
    for number in range(count):
        source, text = (_text(data, table + 8 * number) for table in (ids, texts))
        context, _, rest = source.rpartition("\x04")
        single, _, plural = rest.partition("\0")
        if single:
            found[context, single, plural] = text
    return found


def _text(data: bytes, at: int) -> str:
    length, offset = struct.unpack_from("<2I", data, at)
    return data[offset : offset + length].decode()
