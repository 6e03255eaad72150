"""The whole leaderboard as CSV or JSON, sent while it is read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_GET

from contributions.models import Track
from contributions.services import access, track_ranking
from registry.web.pages import caller, person

_AT_ONCE = 200  # entries in one part of the stream
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_GET
def as_csv(request: HttpRequest, name: str) -> StreamingHttpResponse:
    track = access.track(caller(request), name)
    response = StreamingHttpResponse(
        _csv_lines(_entries(request, track), track), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{track.name}-leaderboard.csv"'
    response["Cache-Control"] = "private, no-cache"
    return response


@require_GET
def as_json(request: HttpRequest, name: str) -> StreamingHttpResponse:
    track = access.track(caller(request), name)
    response = StreamingHttpResponse(
        _json_parts(_entries(request, track), track), content_type="application/json"
    )
    response["Cache-Control"] = "private, no-cache"
    return response


def _entries(request: HttpRequest, track: Track) -> Iterator[dict[str, Any]]:
    """Best first. Read now, so that a refusal is an answer and no broken stream."""
    ranked = track_ranking.ranking(track, person(request))
    credit = track_ranking.credits_of(track)
    listed = track.submissions.values_list("pk", "title", "status", "contributor__username")
    named = {pk: told for pk, *told in listed}
    site = request.build_absolute_uri("/").rstrip("/")
    return (
        {
            "rank": place.rank,
            "not_distinguishable_from": [place.first, place.last],
            "submission": row.pk,
            "title": title,
            "kind": row.kind,
            "contributor": contributor,
            "status": status,
            "loss": row.loss,
            track.metric: row.metric,
            "gain": row.gain,
            "gain_low": row.low,
            "gain_high": row.high,
            "credit": credit.get(row.pk),
            "measured_at": row.at.isoformat() if row.at else None,
            "url": f"{site}/submissions/{row.pk}",
        }
        for row in ranked.rows
        for place in [ranked.place(row)]
        for title, status, contributor in [named.get(row.pk, ("", "", ""))]
    )


def _csv_lines(entries: Iterator[dict[str, Any]], track: Track) -> Iterator[str]:
    names = ["rank", "first_rank", "last_rank", "submission", "title", "kind", "contributor"]
    names += ["status", "loss", track.metric, "gain", "gain_low", "gain_high", "credit"]
    names += ["measured_at", "url"]
    yield _line(names)
    while some := list(islice(entries, _AT_ONCE)):
        yield "".join(_line(_csv_cells(entry, names)) for entry in some)


def _csv_cells(entry: dict[str, Any], names: list[str]) -> list[Any]:
    first, last = entry["not_distinguishable_from"]
    return [_cell({**entry, "first_rank": first, "last_rank": last}[name]) for name in names]


def _cell(value: Any) -> Any:
    """Numbers stay numbers, also negative ones; text never becomes a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _line(cells: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _json_parts(entries: Iterator[dict[str, Any]], track: Track) -> Iterator[str]:
    head = {"track": track.name, "metric": track.metric, "split": "T", "unit": "nats"}
    yield json.dumps(head)[:-1] + ', "entries": ['
    more = ""
    while some := list(islice(entries, _AT_ONCE)):
        yield more + ",".join(json.dumps(entry) for entry in some)
        more = ","
    yield "]}"
