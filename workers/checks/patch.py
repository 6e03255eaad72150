"""What a contribution changes, told from its paths alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workers.checks.files import CODE, DATA, DOCUMENTATION, IMAGES

_CARD_NAMES = ("readme", "license", "licence", "copying", "notice", "citation", "authors",
               "contributors", "changelog")  # fmt: skip
_DATA_FOLDERS = frozenset({"data", "dataset", "datasets", "train", "test", "validation"})


@dataclass(frozen=True)
class Patch:
    """`kind` is one of none, card, weights, adapter, recipe, data, code or mixed."""

    kind: str
    kinds: tuple[str, ...]
    adapters: tuple[str, ...]
    paths: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "kinds": list(self.kinds),
            "adapters": list(self.adapters),
            "paths": len(self.paths),
        }


def classify(paths: Iterable[str], repo_type: str) -> Patch:
    """Files that only describe (card, licence, pictures) never make a patch mixed."""
    changed = tuple(sorted(set(paths)))
    kinds = sorted({_kind(path, repo_type) for path in changed} - {"card"})
    adapters = sorted({"/".join(path.split("/")[:2]) for path in changed if is_adapter(path)})
    if not changed:
        kind = "none"
    elif not kinds:
        kind = "card"
    else:
        kind = kinds[0] if len(kinds) == 1 else "mixed"
    return Patch(kind, tuple(kinds or ([kind] if changed else [])), tuple(adapters), changed)


def is_adapter(path: str) -> bool:
    parts = path.split("/")
    return len(parts) >= 3 and parts[0] == "adapters"


def _kind(path: str, repo_type: str) -> str:
    name = path.rsplit("/", 1)[-1].lower()
    extension = "." + name.rsplit(".", 1)[-1] if "." in name else ""
    folder = path.split("/", 1)[0].lower() if "/" in path else ""
    if is_adapter(path):
        return "adapter"
    if path in {"recipe.yaml", "recipe.yml"}:
        return "recipe"
    if folder in DOCUMENTATION or name.startswith(_CARD_NAMES) or name.startswith("."):
        return "card"
    if extension in CODE:
        return "code"
    if repo_type == "dataset" or folder in _DATA_FOLDERS or extension in DATA:
        return "data"
    if extension in IMAGES or extension in {".md", ".rst", ".svg", ".html", ".bib"}:
        return "card"
    return "weights"
