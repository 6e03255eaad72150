"""One run with its curve, log and attempts; follows it while it moves."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contributions.models import Run, RunStatus
from contributions.services import access, jobs, submissions
from contributions.web import logs, polling
from contributions.web.queueing import waiting
from registry.models import User
from registry.services.access import Need, can_write
from registry.services.errors import Conflict
from registry.web.pages import attempt, caller, person, signed_in

# Columns of up to 64 kB and more: who only asks whether something changed does not load them.
LONG = ("log", "plan", "spec", "result", "curve")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-cache",
}


@require_GET
def run_page(request: HttpRequest, pk: int) -> HttpResponse:
    run = access.run(caller(request), pk)
    context = {**_details(request, run), "version": _version(request, run)}
    return render(request, "contributions/run.html", context)


@require_GET
def live(request: HttpRequest, pk: int) -> HttpResponse:
    run = access.run(caller(request), pk, without=LONG)
    return polling.part(
        request,
        "contributions/_run_live.html",
        _version(request, run),
        lambda: _details(request, _whole(run)),
    )


@require_GET
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """The kept end of the log as text, which a browser never takes for a page."""
    run = access.run(caller(request), pk)
    response = HttpResponse(run.log, content_type="text/plain; charset=utf-8", headers=_HEADERS)
    if "download" in request.GET:
        response["Content-Disposition"] = f'attachment; filename="run-{run.pk}.log"'
    return response


@require_GET
def log_more(request: HttpRequest, pk: int) -> HttpResponse:
    """What a log has grown by since `?after=`; 204 while it has not.

    A log that was begun anew, or has lost that place, is sent instead of all that was shown.
    """
    run = access.run(caller(request), pk, without=LONG)
    follow = not RunStatus(run.status).is_over
    told = Run.objects.values_list("log", flat=True).get(pk=run.pk)
    text = logs.added(told, request.GET.get("after", ""))
    if text == "" and follow:
        return HttpResponse(status=204)
    shown = logs.tail(told if text is None else text)
    context = {
        "run": run,
        "text": shown.text,
        "follow": follow,
        "cursor": logs.cursor(told, len(told)),
    }
    response = render(request, "contributions/_log_more.html", context)
    response["Cache-Control"] = "private, no-store"
    if text is None:
        response["HX-Retarget"], response["HX-Reswap"] = f"#log-{run.pk}", "innerHTML"
    return response


@login_required
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    run = access.run(caller(request), pk, need=Need.WRITE)
    user = signed_in(request)
    return attempt(
        request,
        lambda: submissions.cancel_run(run, actor=user),
        done=_("The run is being cancelled."),
        then=_next(request, run),
    )


@login_required
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """This step alone once more, with the same input."""
    run = access.run(caller(request), pk, need=Need.WRITE)
    return attempt(
        request,
        lambda: _repeat(run, signed_in(request)),
        done=_("It will be run again."),
        then=_next(request, run),
    )


def _repeat(run: Run, user: User) -> object:
    if run.submission is None:
        raise Conflict(
            "This run belongs to a track or a release.",
            where=f"run {run.pk}",
            next="A maintainer repeats it on the page of the track.",
        )
    return submissions.rerun(run.submission, actor=user, only=run)


def _next(request: HttpRequest, run: Run) -> str:
    """Back to the page with the button: an address of this site, or the run's own."""
    wanted = request.POST.get("next", "")
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if ours else f"/runs/{run.pk}"


def _whole(run: Run) -> Run:
    """The long columns too, in one query instead of one for each."""
    run.refresh_from_db(fields=LONG)
    return run


def _version(request: HttpRequest, run: Run) -> str:
    """The row is at hand already: no query."""
    user, state = person(request), (run.status, run.attempt, run.heartbeat_at, run.reason)
    return polling.etag(run.pk, user and user.pk, request.LANGUAGE_CODE, *state)


def _details(request: HttpRequest, run: Run) -> dict[str, Any]:
    user = person(request)
    owner = run.submission or run.track
    over = RunStatus(run.status).is_over
    may = user is not None and (
        user == run.contributor or (owner is not None and can_write(user, owner.repository))
    )
    repeatable = run.submission is not None and run.status in {"failed", "cancelled"}
    last = run.finished_at or run.heartbeat_at
    word = request.GET.get("q", "").strip()
    return {
        "run": run,
        "moving": not over,
        "may_cancel": may and not over,
        "may_repeat": may and repeatable,
        "waiting": waiting([run]),
        "seconds": (last - run.started_at).total_seconds() if last and run.started_at else None,
        "limit": jobs.wall_seconds(run),
        "attempts": run.attempts.order_by("number"),
        "log": logs.tail(run.log),
        "found": logs.search(run.log, word) if word else None,
        "follow": not over,
        "query": request.GET.urlencode(),
        **_made_from(run),
    }


def _made_from(run: Run) -> dict[str, Any]:
    """What made the result: versions, seed, and one digest over all that the program was given.

    Digests of single files stay closed: among them are those of held-out examples.
    """
    told = run.result.get("provenance") if isinstance(run.result, dict) else None
    plain = told if isinstance(told, dict) else {}
    facts = {k: v for k, v in plain.items() if isinstance(v, str | int | float) and v != ""}
    given = plain.get("inputs")
    files = given if isinstance(given, dict) else {}
    whole = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    return {
        # A digest is recognised by its beginning.
        "provenance": {
            k: v[:12] if isinstance(v, str) and len(v) >= 40 else v for k, v in facts.items()
        },
        "input_count": len(files),
        "input_digest": whole if files else "",
    }
