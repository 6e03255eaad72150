"""One run with its curve, log and attempts; follows it while it moves."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from contributions.models import Run, RunStatus
from contributions.services import access, submissions
from contributions.web import polling
from registry.services.access import Need, can_write
from registry.web.pages import attempt, caller, person, signed_in


@require_GET
def run_page(request: HttpRequest, pk: int) -> HttpResponse:
    run = access.run(caller(request), pk)
    context = {**_details(request, run), "version": _version(request, run)}
    return render(request, "contributions/run.html", context)


@require_GET
def live(request: HttpRequest, pk: int) -> HttpResponse:
    run = access.run(caller(request), pk)
    return polling.part(
        request,
        "contributions/_run_live.html",
        _version(request, run),
        lambda: _details(request, run),
    )


@require_GET
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """The kept end of the log as text, which a browser never takes for a page."""
    run = access.run(caller(request), pk)
    return HttpResponse(
        run.log,
        content_type="text/plain; charset=utf-8",
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-cache",
        },
    )


@login_required
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    run = access.run(caller(request), pk, need=Need.WRITE)
    return attempt(
        request,
        lambda: submissions.cancel_run(run, actor=signed_in(request)),
        done="The run is being cancelled.",
        then=f"/runs/{run.pk}",
    )


def _version(request: HttpRequest, run: Run) -> str:
    """The row is at hand already: no query."""
    user = person(request)
    return polling.etag(
        run.pk, user and user.pk, run.status, run.attempt, run.heartbeat_at, run.reason
    )


def _details(request: HttpRequest, run: Run) -> dict[str, Any]:
    user = person(request)
    owner = run.submission or run.track
    over = RunStatus(run.status).is_over
    may = user is not None and (
        user == run.contributor or (owner is not None and can_write(user, owner.repository))
    )
    last = run.finished_at or run.heartbeat_at
    return {
        "run": run,
        "moving": not over,
        "may_cancel": may and not over,
        "seconds": (last - run.started_at).total_seconds() if last and run.started_at else None,
        "provenance": _provenance(run),
    }


def _provenance(run: Run) -> dict[str, Any]:
    """What made the result; the digests of the inputs are long and stay in the result."""
    told = run.result.get("provenance") if isinstance(run.result, dict) else None
    plain = told if isinstance(told, dict) else {}
    shown = {k: v for k, v in plain.items() if isinstance(v, str | int | float) and v != ""}
    # A digest is recognised by its beginning.
    return {k: v[:12] if isinstance(v, str) and len(v) >= 40 else v for k, v in shown.items()}
