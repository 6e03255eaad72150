"""Every route × every kind of caller, in public and in private, as the tables say it."""

from __future__ import annotations

import json
import re

import pytest
from django.urls import resolve

from tests import counts
from tests.permissions import cells
from tests.permissions.addresses import PAGE, routes
from tests.permissions.callers import WHO_SEES
from tests.permissions.entries import METHODS, Entry
from tests.permissions.table import AREAS, ENTRIES

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
# Being sent elsewhere grants nothing.
NOT_HERE = frozenset({301, 302, 401, 403, 404, 405, 501})


def test_every_route_has_an_entry():
    written = {entry.route for entry in ENTRIES}
    missing = [route for route in routes() if route not in written]
    assert not missing, (
        f"Routes without an entry in the matrix of permissions: {missing}. Add an Entry to the"
        " table of its area in tests/permissions/table_*.py: the route as printed here, an address"
        " for it, and for each method the group that is let in (see entries.py)."
    )
    stale = written - set(routes())
    assert not stale, f"Entries of routes that are gone: {stale}."
    counts.record("permission-matrix routes", len(written))


def test_every_address_is_one_of_its_route(matrix):
    for entry in ENTRIES:
        address = entry.filled(entry.address, matrix.open).partition("?")[0]
        assert resolve(address).route == entry.route, entry.address


@pytest.mark.timeout(600)
@pytest.mark.parametrize("area", AREAS)
def test_the_right_callers_are_let_in(matrix, area):
    found = [cell for entry in AREAS[area] for cell in _cells(matrix, entry)]
    counts.record("permission-matrix cells", len(found))
    faults = [fault for fault in found if fault]
    assert not faults, "\n" + "\n".join(faults)


def _cells(matrix, entry: Entry):
    """A fault or "" for each cell."""
    face = routes()[entry.route]
    for method, call in entry.calls.items():
        for private in (False, True) if entry.is_of_a_thing else (False,):
            things = matrix.closed if private else matrix.open
            for caller in cells.callers_of(face):
                expected = cells.is_let_in(face, call, method, caller, private=private)
                answer = cells.ask(matrix, face, entry, method, call, caller, things)
                fault = cells.fault(answer, call, method, expected)
                where = f"{entry.route} {method} {'private' if private else 'public'}, {caller}"
                yield fault and f"{where}: {fault} ({answer.status})"


@pytest.mark.timeout(300)
def test_what_is_private_answers_as_what_does_not_exist(matrix):
    """To strangers, signed in or not: the same status, and the same words but for the names."""
    faults, tried = [], 0
    for entry in [entry for entry in ENTRIES if entry.is_of_a_thing]:
        face = routes()[entry.route]
        for method, call in entry.calls.items():
            for caller in {"anonymous", "stranger"} - call.let_in(private=True):
                tried += 1
                closed, absent = (
                    _seen(
                        entry,
                        face,
                        things,
                        cells.ask(matrix, face, entry, method, call, caller, things),
                    )
                    for things in (matrix.closed, matrix.absent)
                )
                if closed != absent:
                    faults.append(f"{entry.route} {method}, {caller}: {closed} ≠ {absent}")
    counts.record("permission-matrix cells", tried)
    assert not faults, "\n" + "\n".join(faults)


def _seen(entry: Entry, face: str, things, answer: cells.Answer) -> tuple[object, ...]:
    """What a stranger learns from an answer; pages carry form tokens, of them the heading only."""
    values = {str(things[entry.kind][name]) for name in entry.names}
    named = re.compile("|".join(rf"\b{re.escape(value)}\b" for value in values))
    text = answer.text
    if face == PAGE:
        text = " ".join(re.findall(r"<(?:title|h1)[^>]*>(.*?)</", text, re.DOTALL))
    return answer.status, named.sub("@", answer.location), named.sub("@", text)


@pytest.mark.timeout(300)
def test_other_methods_are_refused_and_a_head_is_a_get(matrix):
    """As an operator, to whom nothing is hidden."""
    faults, tried = [], 0
    declared = {
        e.route: {m for other in ENTRIES if other.route == e.route for m in other.calls}
        for e in ENTRIES
    }
    for entry in {entry.route: entry for entry in ENTRIES}.values():
        for method in _others(entry, declared[entry.route]):
            tried += 1
            answer = _asked(matrix, entry, method)
            if method == "HEAD" and "GET" in entry.calls:
                get = _asked(matrix, entry, "GET")
                fits = answer.status in (405, get.status) and not answer.changed
            else:
                fits = answer.status in NOT_HERE and not answer.changed
            if not fits:
                faults.append(f"{entry.route} {method}: {answer.status}")
    counts.record("permission-matrix cells", tried)
    assert not faults, "\n" + "\n".join(faults)


def _others(entry: Entry, declared) -> list[str]:
    """Endpoints have a handler for each method; pages refuse PUT and PATCH as they do DELETE."""
    alike = {"PUT", "PATCH"} if routes()[entry.route] == PAGE else set()
    return [method for method in METHODS if method not in declared | alike]


def _asked(matrix, entry: Entry, method: str) -> cells.Answer:
    call = next(iter(entry.calls.values()))
    face = routes()[entry.route]
    return cells.ask(matrix, face, entry, method, call, "operator", matrix.open)


@pytest.mark.parametrize("caller", sorted(WHO_SEES))
def test_whoever_sees_a_private_submission_sees_its_runs_and_its_track(matrix, caller):
    entry = next(e for e in ENTRIES if e.route == "api/v1/submissions/<int:pk>/")
    answer = cells.ask(matrix, "api", entry, "GET", entry.calls["GET"], caller, matrix.closed)
    told = json.loads(answer.text)
    assert [run["status"] for run in told["runs"]].count("running") == 1
    assert told["track"] is not None
