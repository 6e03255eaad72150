"""The files of an offer: a form for everybody, and what upload.js speaks.

POST /submit/7/files/announce     {"files": [{"path", "size", "sha256"}]}
PUT  /submit/7/files/3/parts/2    the bytes of one part
POST /submit/7/files/3/complete   all parts are there: verify and keep
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from contributions.models import DraftFile, OfferDraft
from contributions.services import access, draft_files, drafts, file_kinds
from contributions.services.draft_files import Announced
from contributions.web import submit_steps
from registry.hub.routing import release_database
from registry.hub.targets import storable
from registry.services.errors import Invalid, ServiceError, TooLarge
from registry.web.pages import caller, person, sentence
from registry.web.uploads import takes_files

LONGEST_JSON = 1_000_000
MOST_AT_ONCE = 200
P = ParamSpec("P")


def spoken(
    view: Callable[Concatenate[HttpRequest, P], dict[str, Any]],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """JSON in both directions, errors too."""

    @wraps(view)
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if person(request) is None:
            return JsonResponse(
                {"error": gettext("You are signed out. Sign in again.")}, status=401
            )
        try:
            return JsonResponse(view(request, *args, **kwargs))
        except ServiceError as error:
            return JsonResponse({"error": sentence(error)}, status=error.status)

    return answered


@takes_files
@login_required
@require_http_methods(["GET", "POST"])
def files(request: HttpRequest, pk: int) -> HttpResponse:
    """Without scripts, files come through the form one selection at a time."""
    draft = access.draft(caller(request), pk)
    if request.method == "POST":
        _receive_all(request, draft)
        return HttpResponseRedirect(f"{draft.get_absolute_url()}/files")
    rows = list(draft.files.order_by("path"))
    context = {
        **submit_steps.head(draft, "files", files=rows),
        "files": [_shown(draft, row) for row in rows],
        "limits": submit_steps.limits(drafts.kind_of(draft), None),
    }
    return render(request, "contributions/submit_files.html", context)


def _receive_all(request: HttpRequest, draft: OfferDraft) -> None:
    given = [file for file in request.FILES.getlist("files") if isinstance(file, UploadedFile)]
    kept = 0
    for file in given:
        try:
            draft_files.receive_whole(draft, file.name or "", file)
            kept += 1
        except ServiceError as error:
            messages.error(request, sentence(error))
    if kept:
        messages.success(request, gettext("%(count)s files have arrived.") % {"count": kept})
    elif not given:
        messages.error(request, gettext("Choose files first."))


def _shown(draft: OfferDraft, file: DraftFile) -> dict[str, Any]:
    path = draft_files.target(draft, file.path)
    return {"file": file, "path": path, "refusal": file_kinds.refusal(path)}


@require_POST
@spoken
def announce(request: HttpRequest, pk: int) -> dict[str, Any]:
    draft = access.draft(caller(request), pk)
    wanted = _announced(request)
    rows, refused = draft_files.announce(draft, wanted)
    return {
        "files": [_told(draft, row) for row in rows],
        "refused": [{"path": r.path, "error": sentence(r.error)} for r in refused],
    }


def _announced(request: HttpRequest) -> list[Announced]:
    body = request.read(LONGEST_JSON + 1)
    if len(body) > LONGEST_JSON:
        raise TooLarge("The list of files is too long.", next="Announce fewer at a time.")
    try:
        given = json.loads(body)["files"]
        found = [Announced(f["path"], f["size"], f["sha256"]) for f in given]
    except (ValueError, KeyError, TypeError, RecursionError) as wrong:
        raise Invalid("This is no list of files with path, size and sha256.") from wrong
    if len(found) > MOST_AT_ONCE:
        raise TooLarge("Too many files.", next=f"Announce {MOST_AT_ONCE} at a time.")
    for file in found:
        texts = isinstance(file.path, str) and isinstance(file.sha256, str)
        if not texts or type(file.size) is not int or not storable([file.path, file.sha256]):
            raise Invalid("A file has no path, size or sha256 that could be kept.")
    return found


def _told(draft: OfferDraft, file: DraftFile) -> dict[str, Any]:
    path = draft_files.target(draft, file.path)
    return {
        "id": file.pk,
        "path": file.path,
        "target": path,
        "size": file.size,
        "done": file.blob_id is not None,
        "part_bytes": draft_files.part_bytes(file),
        "parts": draft_files.part_count(file),
        "arrived": draft_files.arrived(file),
        "refusal": file_kinds.refusal(path),
    }


@require_http_methods(["PUT"])
@spoken
def put_part(request: HttpRequest, pk: int, file: int, number: int) -> dict[str, Any]:
    draft = access.draft(caller(request), pk)
    found = draft_files.find(draft, file)
    release_database()
    draft_files.put_part(found, number, request)
    return {"received": found.received}


@require_POST
@spoken
def complete(request: HttpRequest, pk: int, file: int) -> dict[str, Any]:
    draft = access.draft(caller(request), pk)
    found = draft_files.complete(draft_files.find(draft, file))
    return {"done": found.blob_id is not None, "sha256": found.sha256}


@login_required
@require_POST
def remove(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    draft = access.draft(caller(request), pk)
    draft_files.remove(draft, draft_files.find(draft, file))
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"removed": file})
    return HttpResponseRedirect(f"{draft.get_absolute_url()}/files")
