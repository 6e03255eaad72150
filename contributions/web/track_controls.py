"""What maintainers do with a track: make releases, cancel them, publish them, close the track.

Each begins with a page that says what will happen; the services decide who may.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from contributions.models import Release, SubmissionStatus, Track
from contributions.services import access, hub_tokens, publications, releases, tracks
from contributions.web.control_forms import CloseForm, HubTokenForm, PublishForm
from registry.services.access import Need
from registry.services.errors import ServiceError
from registry.web.pages import attempt, caller, sentence, signed_in

POOL_SHOWN = 100
FILES_SHOWN = 200
# Two forms of one page: no field of one has the id of the other's.
_IDS = "hub_%s"


@login_required
@require_http_methods(["GET", "POST"])
def make_release(request: HttpRequest, name: str) -> HttpResponse:
    """GET: the pool that a release would be made of. POST: start it."""
    track = access.track(caller(request), name, need=Need.ADMIN)
    if request.method == "GET":
        approved = track.submissions.filter(status=SubmissionStatus.APPROVED)
        pool = approved.exclude(artifact_revision="").select_related("contributor").order_by("pk")
        context = {
            "track": track,
            "pool": [(s, s.base_revision == track.base_revision) for s in pool[:POOL_SHOWN]],
            "at_work": track.releases.filter(status__in=releases.AT_WORK).defer("evidence").first(),
        }
        return render(request, "contributions/release_plan.html", context)
    try:
        release = releases.start_release(track, actor=signed_in(request))
    except ServiceError as error:
        messages.error(request, sentence(error))
        return HttpResponseRedirect(f"{track.get_absolute_url()}/release")
    messages.success(request, _("The release is being made; this page follows it."))
    return HttpResponseRedirect(release.get_absolute_url())


@login_required
@require_POST
def cancel_release(request: HttpRequest, name: str, number: int) -> HttpResponse:
    release = access.release(caller(request), name, number, need=Need.ADMIN)
    return attempt(
        request,
        lambda: releases.cancel(release, actor=signed_in(request)),
        done=_("The release is cancelled. Its submissions stay approved."),
        then=release.get_absolute_url(),
    )


@login_required
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, name: str) -> HttpResponse:
    """GET: what closing means for what waits. POST: close it."""
    track = access.track(caller(request), name, need=Need.ADMIN)
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        return attempt(
            request,
            lambda: tracks.close(track, actor=signed_in(request), reason=reason),
            done=_("The track is closed. It can be opened again."),
            then=track.get_absolute_url(),
        )
    context = {"track": track, "form": form, "waiting": _unfinished(track)}
    status = 400 if request.method == "POST" else 200
    return render(request, "contributions/track_close.html", context, status=status)


def _unfinished(track: Track) -> list[tuple[str, int]]:
    statuses = [s for s in SubmissionStatus if not s.is_final]
    rows = track.submissions.filter(status__in=statuses).order_by()
    counted = rows.values_list("status").annotate(count=Count("pk"))
    return sorted(counted, key=lambda row: -row[1])


@login_required
@require_POST
def reopen(request: HttpRequest, name: str) -> HttpResponse:
    track = access.track(caller(request), name, need=Need.ADMIN)
    return attempt(
        request,
        lambda: tracks.reopen(track, actor=signed_in(request)),
        done=_("The track is open again."),
        then=track.get_absolute_url(),
    )


@login_required
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """A form, then the plan of all files, then the publication: `do` says which."""
    release = access.release(caller(request), name, number)
    publications.refuse_stranger(release, actor=signed_in(request))
    form = PublishForm(request.POST or None, initial=_initial(release))
    if request.method == "GET":
        return _publish_page(request, release, form)
    if not form.is_valid():
        return _publish_page(request, release, form, status=400)
    if request.POST.get("do") != "publish":
        return _planned(request, release, form)
    return attempt(
        request,
        lambda: publications.publish(release, actor=signed_in(request), **form.cleaned_data),
        done=_("It is being published; the steps are shown here."),
        then=f"{release.get_absolute_url()}#published",
    )


@login_required
@sensitive_post_parameters("token")
@require_POST
def store_hub_token(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Write-only: sealed at once, opened by the publish worker alone."""
    release, user = access.release(caller(request), name, number), signed_in(request)
    publications.refuse_stranger(release, actor=user)
    form = HubTokenForm(request.POST, auto_id=_IDS)
    if not form.is_valid():
        asked = PublishForm(initial=_initial(release))
        return _publish_page(request, release, asked, status=400, token_form=form)
    namespace, given = release.track.repository.namespace, form.cleaned_data
    return attempt(
        request,
        lambda: hub_tokens.store(
            namespace, endpoint=given["endpoint"], secret=given["token"], actor=user
        ),
        done=_("The token is kept, sealed. Releases can be published there."),
        then=f"{release.get_absolute_url()}/publish",
    )


def _initial(release: Release) -> dict[str, str]:
    full_name = release.track.repository.full_name
    return {"endpoint": "https://huggingface.co", "repo_id": full_name}


def _planned(request: HttpRequest, release: Release, form: PublishForm) -> HttpResponse:
    """Everything that would be sent, before anything is."""
    try:
        plan = publications.preview(release, actor=signed_in(request), **form.cleaned_data)
    except ServiceError as error:
        return _publish_page(request, release, form, status=error.status, fault=error)
    files = [*plan["files"], *({"path": p, "size": len(t.encode())} for p, t in _texts(plan))]
    return _publish_page(
        request,
        release,
        form,
        plan=plan,
        files=sorted(files, key=lambda file: str(file["path"]))[:FILES_SHOWN],
        total=len(files),
        size=sum(file["size"] for file in files),
    )


def _texts(plan: dict[str, Any]) -> list[tuple[str, str]]:
    return list(plan["generated"].items())


def _publish_page(
    request: HttpRequest, release: Release, form: PublishForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    namespace = release.track.repository.namespace
    if hub_tokens.may_store(namespace, actor=signed_in(request)):
        endpoint = form["endpoint"].value() or ""
        more.setdefault("token_form", HubTokenForm(initial={"endpoint": endpoint}, auto_id=_IDS))
    context = {"release": release, "track": release.track, "form": form, **more}
    return render(request, "contributions/publish.html", context, status=status)
