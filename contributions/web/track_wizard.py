"""A maintainer opens a track: on a model of theirs, or on a sample that is made for them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from contributions.services import beginnings, inputs, samples, track_plans
from contributions.services.samples import Sample
from contributions.web.track_forms import TrackPlanForm
from registry.models import Repository, RepoType, User
from registry.services.errors import ServiceError
from registry.web.pages import sentence, signed_in

NAMES_OFFERED = 50


@login_required
@require_http_methods(["GET", "POST"])
def new_track(request: HttpRequest) -> HttpResponse:
    """`do=check` says what is wrong and shows the file; `do=open` opens it if nothing is."""
    user = signed_in(request)
    form = TrackPlanForm(request.POST or None, initial=_wished(request, user))
    if request.method != "POST":
        return _page(request, user, form)
    if not form.is_valid():
        return _page(request, user, form, status=400)
    with inputs.read_once():
        return _planned(request, user, form)


def _planned(request: HttpRequest, user: User, form: TrackPlanForm) -> HttpResponse:
    plan = form.plan()
    found = track_plans.faults(plan, maintainer=user)
    for fault in found:
        form.add_error(fault.field if fault.field in form.fields else None, fault.message)
    if found or request.POST.get("do") != "open":
        return _page(request, user, form, plan=plan, status=400 if found else 200)
    return _opened(request, user, form, plan)


def _opened(
    request: HttpRequest, user: User, form: TrackPlanForm, plan: dict[str, Any]
) -> HttpResponse:
    try:
        track = track_plans.open_track(plan, maintainer=user)
    except ServiceError as error:
        form.add_error(None, sentence(error))
        return _page(request, user, form, plan=plan, status=error.status)
    said = gettext(
        "The track is being prepared: a worker checks the base, two reviewers turn their keys, and "
        "a worker calibrates it. Then it opens by itself."
    )
    messages.success(request, said)
    return HttpResponseRedirect(track.get_absolute_url())


def _page(
    request: HttpRequest,
    user: User,
    form: TrackPlanForm,
    *,
    plan: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    places = beginnings.places(user)
    mine = Repository.objects.filter(namespace__in=places).select_related("namespace")
    named = list(mine.order_by("-updated_at")[:NAMES_OFFERED])
    context = {
        "form": form,
        "models": [r.full_name for r in named if r.type is RepoType.MODEL],
        "datasets": [r.full_name for r in named if r.type is RepoType.DATASET],
        "written": track_plans.written(plan) if plan else "",
        "fits": plan is not None and not form.errors,
    }
    return render(request, "contributions/track_new.html", context, status=status)


def _wished(request: HttpRequest, user: User) -> dict[str, Any]:
    """What the address asks for: a model, or the sample that was made."""
    wanted = request.GET.get("repository", "").strip()[:200]
    if "sample" in request.GET:
        return TrackPlanForm.initial_of(samples.facts_for(user))
    return {"repository": wanted} if wanted else {}


@login_required
@require_POST
def sample(request: HttpRequest) -> HttpResponse:
    """Makes the sample's three repositories and goes on with a plan of a track on them."""
    made: Sample = samples.make(owner=signed_in(request))
    said = gettext("%(model)s and its data are there. Look at the plan, then open the track.")
    messages.success(request, said % {"model": made.model.full_name})
    return HttpResponseRedirect("/tracks/new?sample")
