"""One text file of a repository, changed on a page and offered as a pull request."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from contributions.services import edits, pushes
from contributions.services.edits import Opened
from contributions.web import previews
from registry.hub.routing import HubCall
from registry.hub.targets import joined
from registry.models import Repository
from registry.services import access, front_matter, refs
from registry.services.access import Need
from registry.services.errors import ServiceError
from registry.web.pages import caller, sentence, signed_in
from registry.web.rendering import markdown_within

# Bytes of HTML that a preview shows of a card.
SHOWN = 80_000
_AREA = {"rows": 28, "class": "code", "spellcheck": "false", "autocomplete": "off"}


class EditForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Text"),
        required=False,
        strip=False,
        max_length=edits.LONGEST_BYTES,
        widget=forms.Textarea(attrs=_AREA),
    )
    title = forms.CharField(label=gettext_lazy("What you change"), max_length=255, required=False)
    description = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=60_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    base = forms.CharField(widget=forms.HiddenInput, max_length=40)


@login_required
@require_http_methods(["GET", "POST"])
def edit(
    request: HttpRequest, repo_type: str, namespace: str, name: str, rest: str
) -> HttpResponse:
    asking = caller(request)
    repository = access.repository(asking, repo_type, namespace, name, need=Need.CONTENT)
    rev, path = _place(request, repository)
    # Says now, not after the writing, who may not.
    pushes.destination(asking, repository, rev, create_pr=not rev.startswith(refs.PULLS))
    now = edits.opened(repository, refs.resolve(repository, rev), path)
    if request.method == "GET":
        form = EditForm(initial={"text": now.text, "base": now.base, "title": f"Change {path}"})
        return _page(request, repository, rev, now, form)
    form = EditForm(request.POST)
    if not form.is_valid():
        return _page(request, repository, rev, now, form, status=400)
    return _sent(request, repository, rev, now, form)


def _sent(
    request: HttpRequest, repository: Repository, rev: str, now: Opened, form: EditForm
) -> HttpResponse:
    given = form.cleaned_data
    if request.POST.get("do") == "preview":
        looks = previews.may_look(signed_in(request), form)
        status = 200 if looks else 400
        return _page(request, repository, rev, now, form, preview=looks, status=status)
    theirs = edits.moved(repository, refs.resolve(repository, now.base), now.path, given["base"])
    if theirs is not None:
        return _page(request, repository, rev, now, form, theirs=theirs, status=409)
    try:
        made = edits.offer(caller(request), repository, rev=rev, path=now.path, **given)
    except ServiceError as error:
        looks = previews.may_look(signed_in(request), form)
        form.add_error(None, sentence(error))
        return _page(request, repository, rev, now, form, preview=looks, status=error.status)
    messages.success(request, gettext("Your change is offered. It is being checked."))
    return HttpResponseRedirect(made.get_absolute_url())


def _place(request: HttpRequest, repository: Repository) -> tuple[str, str]:
    """The branch or refs/pr/N as it is written, and the path, which need not exist yet."""
    call = HubCall(request)
    _, path = call.revision_and_path(repository)
    tail = "/".join(joined(call.tail))
    return tail.removesuffix(path).strip("/") or repository.default_branch, path


def _page(
    request: HttpRequest,
    repository: Repository,
    rev: str,
    now: Opened,
    form: EditForm,
    *,
    preview: bool = False,
    theirs: Opened | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "repository": repository,
        "tab": "files",
        "rev": rev,
        "file": now,
        "form": form,
        "pull": rev.removeprefix(refs.PULLS) if rev.startswith(refs.PULLS) else "",
        "theirs": theirs,
    }
    if form.is_bound:
        written = edits.normalised(str(form.data.get("text", "")), now.text)
        if preview or theirs is not None:
            context["judged"] = edits.judged(repository, now.path, written)
        if preview:
            context |= {"preview": True, "diff": edits.diff(now.text, written, now.path)}
        if preview and now.path.lower().endswith(".md"):
            body = front_matter.parse(written).body
            context["rendered"] = markdown_within(body, SHOWN)[0]
        if theirs is not None:
            # What is sent next is against the newer text, which has been shown.
            form.data = {**form.data.dict(), "base": theirs.base}  # type: ignore[attr-defined]
    return render(request, "contributions/edit.html", context, status=status)
