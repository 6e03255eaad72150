"""An offer, put together step by step. Every step has an address and keeps what it was told."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from contributions.models import OfferDraft, Submission, Track
from contributions.services import (
    access,
    drafts,
    offer_faults,
    offers,
    recipe_rules,
    yaml_lines,
)
from contributions.services.offer_facts import OfferFacts
from contributions.web import submit_steps
from contributions.web.submit_forms import LicenceForm, RecipeForm, WhatForm
from registry.models import Repository, RepoType
from registry.services import access as registry_access
from registry.services.access import Need
from registry.services.errors import ServiceError
from registry.web.pages import caller, sentence, signed_in

TRACKS_SHOWN = 24
PAGES = "contributions/submit_"


@login_required
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Choose what to improve; with a repository, say what is offered to it."""
    wanted = request.GET.get("repository", "").strip()
    track = request.GET.get("track", "").strip()
    if not wanted and track:
        wanted = access.track(caller(request), track).repository.full_name
    if not wanted:
        return render(request, f"{PAGES}start.html", _choices(request))
    repository = _repository(request, wanted)
    tracks = drafts.candidates(repository, signed_in(request))
    first = drafts.KINDS[repository.type][0].value
    initial = {"kind": request.GET.get("kind", first), "track": track}
    form = WhatForm(repository, tracks, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            draft = drafts.begin(
                author=signed_in(request), repository=repository, **form.cleaned_data
            )
        except ServiceError as error:
            form.add_error(error.where if error.where in form.fields else None, sentence(error))
        else:
            return HttpResponseRedirect(submit_steps.after(draft, "what"))
    return _what(request, form, repository, tracks)


def _repository(request: HttpRequest, wanted: str) -> Repository:
    """`namespace/name`, or `datasets/namespace/name`."""
    kind = RepoType.DATASET if wanted.startswith("datasets/") else RepoType.MODEL
    namespace, _, name = wanted.removeprefix("datasets/").partition("/")
    return registry_access.repository(caller(request), kind, namespace, name, need=Need.PROPOSE)


def _choices(request: HttpRequest) -> dict[str, Any]:
    user, words = signed_in(request), request.GET.get("q", "").strip()[:100]
    tracks = Track.objects.visible_to(user).open().select_related("repository__namespace")
    if words:
        tracks = tracks.filter(Q(name__icontains=words) | Q(title__icontains=words))
    mine = Repository.objects.filter(namespace=user.namespace).select_related("namespace")
    return {
        "drafts": list(drafts.of(user).select_related("repository__namespace")[:50]),
        "tracks": tracks.order_by("-pk")[:TRACKS_SHOWN],
        "mine": mine.order_by("-updated_at")[:10],
        "words": words,
    }


def _what(
    request: HttpRequest,
    form: WhatForm,
    repository: Repository,
    tracks: list[Track],
    draft: OfferDraft | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "repository": repository, "tracks": tracks}
    if draft is not None:
        context |= submit_steps.head(draft, "what")
    chosen = form["track"].value() if "track" in form.fields else ""
    track = next((t for t in tracks if t.name == chosen or len(tracks) == 1), None)
    kind = drafts.KINDS[repository.type][0]
    context["limits"] = submit_steps.limits(kind, track)
    status = 400 if form.is_bound else 200
    return render(request, f"{PAGES}what.html", context, status=status)


@login_required
@require_http_methods(["GET"])
def draft_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Goes on where it was left."""
    draft = access.draft(caller(request), pk)
    if draft.sent_as is not None:
        return HttpResponseRedirect(_sent_page(draft))
    unfinished = next(
        (step for step in submit_steps.head(draft, "what")["steps"] if step.state != "done"), None
    )
    return HttpResponseRedirect(unfinished.href if unfinished else draft.get_absolute_url())


def _open_draft(request: HttpRequest, pk: int) -> OfferDraft:
    draft = access.draft(caller(request), pk)
    if draft.sent_as is None:
        drafts.repository_of(draft)
    return draft


@login_required
@require_http_methods(["GET", "POST"])
def what(request: HttpRequest, pk: int) -> HttpResponse:
    draft = _open_draft(request, pk)
    repository = drafts.repository_of(draft)
    tracks = drafts.candidates(repository, draft.author)
    answers = draft.answers
    initial = {
        "kind": answers.get("kind"),
        "track": answers.get("track"),
        "adapter": str(answers.get("folder", "")).removeprefix("adapters/"),
        "title": draft.title,
        "description": draft.description,
    }
    form = WhatForm(repository, tracks, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            draft = drafts.describe(draft, **form.cleaned_data)
            return HttpResponseRedirect(submit_steps.after(draft, "what"))
        except ServiceError as error:
            form.add_error(error.where if error.where in form.fields else None, sentence(error))
    return _what(request, form, repository, tracks, draft)


@login_required
@require_http_methods(["GET", "POST"])
def licence(request: HttpRequest, pk: int) -> HttpResponse:
    draft = _open_draft(request, pk)
    named = OfferFacts(draft).named_licence
    initial = LicenceForm.initial_of(draft.answers)
    if named and not (draft.answers.get("licence") or {}).get("choice"):
        initial["choice"] = drafts.SAME_LICENCE
    form = LicenceForm(named, request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        drafts.answer(draft, **form.answers())
        return HttpResponseRedirect(submit_steps.after(draft, "licence"))
    context = {**submit_steps.head(draft, "licence"), "form": form}
    return render(request, f"{PAGES}licence.html", context, status=400 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "POST"])
def recipe(request: HttpRequest, pk: int) -> HttpResponse:
    """The form and the file are one thing: `do=text` takes the file as it is typed."""
    draft = _open_draft(request, pk)
    before = drafts.base_text(draft, recipe_rules.PATH)
    text = str(draft.answers.get("recipe") or before or "version: 1\n")
    form = RecipeForm(initial=RecipeForm.initial_of(recipe_rules.values_of(text)))
    if request.method == "POST":
        text, form = _written(request, text)
        if request.POST.get("do") != "look":
            drafts.answer(draft, recipe=text, base=drafts.base_of(drafts.repository_of(draft)))
            if request.POST.get("do") == "next":
                return HttpResponseRedirect(submit_steps.after(draft, "recipe"))
    now = drafts.now_text(draft, recipe_rules.PATH)
    context = {
        "text": text,
        "form": form,
        "theirs": now if now != before else "",
        "faults": recipe_rules.faults(text, drafts.task_of(draft)),
        "unchanged": text == before,
    }
    if request.headers.get("HX-Request") and request.POST.get("do") == "look":
        return render(request, "contributions/_recipe_result.html", context)
    return render(request, f"{PAGES}recipe.html", {**submit_steps.head(draft, "recipe"), **context})


def _written(request: HttpRequest, text: str) -> tuple[str, RecipeForm]:
    """The file with what the form says; keys that the form does not know stay."""
    if request.POST.get("do") == "text":
        text = request.POST.get("text", "")[: recipe_rules.LONGEST + 1].replace("\r\n", "\n")
        return text, RecipeForm(initial=RecipeForm.initial_of(recipe_rules.values_of(text)))
    form = RecipeForm(request.POST)
    form.is_valid()
    values, removed = form.changes()
    there = recipe_rules.values_of(text)
    inner = there.get("lora")
    lora: dict[str, Any] = inner if isinstance(inner, dict) else {}
    if values.get("method") == "lora" and (lora or form.lora()):
        values["lora"] = {**lora, **form.lora()}
    else:
        removed.add("lora")
    same = {key: value for key, value in values.items() if there.get(key) == value}
    changed = {key: value for key, value in values.items() if key not in same}
    return yaml_lines.changed(text, changed, removed=removed), form


@login_required
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Every fault at once; with none that blocks, it is sent."""
    draft = access.draft(caller(request), pk)
    if draft.sent_as is not None:
        return HttpResponseRedirect(_sent_page(draft))
    if request.method == "POST":
        try:
            offers.send(draft, as_draft=request.POST.get("do") == "draft")
        except ServiceError as error:
            messages.error(request, sentence(error))
        else:
            draft.refresh_from_db()
            messages.success(request, gettext("It is offered. A worker checks it now."))
            return HttpResponseRedirect(_sent_page(draft))
    offer = OfferFacts(draft)
    found = offer_faults.faults(offer)
    context = {
        **submit_steps.head(draft, "check", faults=found, files=offer.files),
        "faults": [(f, f"{draft.get_absolute_url()}/{f.step}") for f in found],
        "blocked": any(fault.blocks for fault in found),
        "limits": submit_steps.limits(offer.kind, offer.track),
        "files": list(offer.targets.items())[:60],
        "description": offers.description_of(offer),
        "card": yaml_lines.written(offers.card_values(offer)),
    }
    return render(request, f"{PAGES}check.html", context)


def _sent_page(draft: OfferDraft) -> str:
    """The submission, or the pull request where there is none."""
    assert draft.sent_as is not None
    submission = Submission.objects.filter(discussion=draft.sent_as).first()
    return (submission or draft.sent_as).get_absolute_url()


@login_required
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    draft = access.draft(caller(request), pk, need=Need.READ)
    if draft.sent_as is None:
        drafts.discard(draft)
        messages.success(request, gettext("The draft is deleted."))
    return redirect("/submit")
