"""The lineage of a repository as a picture with links, and in words."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from contributions.services import lineage as lineages
from contributions.services.lineage import Lineage, Relative
from contributions.web.repositories import header
from registry.models import Repository
from registry.services import access
from registry.services.access import Need
from registry.web.pages import caller, person

COLUMNS = (8.0, 330.0, 652.0)
WIDTH, HEIGHT, ROW = 250.0, 42.0, 54.0
DRAWN = 8


@dataclass(frozen=True)
class Node:
    """A box with up to two lines of words; `kind` is its class in the stylesheet."""

    x: float
    y: float
    kind: str
    name: str
    under: str
    href: str = ""

    @property
    def text_x(self) -> float:
        return self.x + 12

    @property
    def name_y(self) -> float:
        return self.y + 18

    @property
    def under_y(self) -> float:
        return self.y + 33


@dataclass(frozen=True)
class Picture:
    nodes: list[Node]
    paths: list[str]
    height: float
    width: float = COLUMNS[-1] + WIDTH + 8


@require_GET
def lineage(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    repository = access.repository(caller(request), repo_type, namespace, name, need=Need.READ)
    user = person(request)
    found = lineages.of(repository, viewer=user)
    context = {
        **header(repository, "lineage", user=user),
        "lineage": found,
        "picture": None if found.is_empty else draw(repository, found),
    }
    return render(request, "contributions/lineage.html", context)


def draw(repository: Repository, found: Lineage) -> Picture:
    """Left: what it is made of. Middle: the repository and its releases. Right: what came of it."""
    middle = [_own(repository)]
    left = [
        *(_relative(r, "base", gettext("base model")) for r in found.bases[:DRAWN]),
        *(_relative(r, "data", gettext("dataset")) for r in found.datasets[:DRAWN]),
    ]
    sources: dict[int, list[int]] = {0: list(range(len(left)))}
    for step in found.steps:
        words = gettext("release %(number)s") % {"number": step.release.number}
        at = step.release.get_absolute_url()
        sources[len(middle)] = []
        for patch in step.patches:
            sources[len(middle)].append(len(left))
            who = patch.submission.contributor.username
            href = patch.submission.get_absolute_url()
            left.append(("patch", patch.submission.title, who, href))
        middle.append(("release", f"{step.release.track.name}, {words}", "", at))
    right = [
        ("derived", d.full_name, d.get_repo_type_display(), d.get_absolute_url())
        for d in found.derived[:DRAWN]
    ]
    return _placed(left, middle, right, sources)


_Words = tuple[str, str, str, str]


def _own(repository: Repository) -> _Words:
    return ("own", repository.full_name, gettext("this repository"), repository.get_absolute_url())


def _relative(relative: Relative, kind: str, words: str) -> _Words:
    there = relative.repository
    if there is None:
        return (kind, relative.name, ", ".join([words, gettext("not here")]), "")
    return (kind, relative.name, words, there.get_absolute_url())


def _placed(
    left: list[_Words], middle: list[_Words], right: list[_Words], sources: dict[int, list[int]]
) -> Picture:
    """Each thing of the middle stands where its sources begin, below what came before it."""
    lefts = [_node(0, row, words) for row, words in enumerate(left)]
    middles: list[Node] = []
    row = 0
    for number, words in enumerate(middle):
        first = min(sources.get(number) or [row])
        row = max(row, first)
        middles.append(_node(1, row, words))
        row += 1
    rights = [_node(2, number, words) for number, words in enumerate(right)]
    paths = [
        _curve(lefts[source], middles[number]) for number, of in sources.items() for source in of
    ]
    paths += [_down(one, other) for one, other in itertools.pairwise(middles)]
    paths += [_curve(middles[0], node) for node in rights]
    nodes = [*lefts, *middles, *rights]
    return Picture(nodes, paths, max(node.y for node in nodes) + HEIGHT + 8)


def _node(column: int, row: int, words: _Words) -> Node:
    kind, name, under, href = words
    return Node(COLUMNS[column], 8 + row * ROW, kind, _short(name), _short(under), href)


def _short(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:29]}…"


def _curve(one: Node, other: Node) -> str:
    x, y, to_x, to_y = one.x + WIDTH, one.y + HEIGHT / 2, other.x, other.y + HEIGHT / 2
    half = (x + to_x) / 2
    return f"M{x} {y}C{half} {y} {half} {to_y} {to_x} {to_y}"


def _down(one: Node, other: Node) -> str:
    return f"M{one.x + WIDTH / 2} {one.y + HEIGHT}V{other.y}"
