"""Settings of a repository, for those who may administer it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from contributions.services import moves, protection
from contributions.web.repositories import header
from contributions.web.repository_forms import (
    DeleteForm,
    MaintainerForm,
    MoveForm,
    VisibilityForm,
)
from registry.models import Repository
from registry.services import access, maintainers, repositories
from registry.services.access import Need
from registry.services.errors import ServiceError
from registry.web.pages import attempt, caller, signed_in

PEOPLE = 100


@login_required
@require_GET
def settings(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    return _page(request, _administered(request, repo_type, namespace, name))


def _administered(request: HttpRequest, repo_type: str, namespace: str, name: str) -> Repository:
    return access.repository(caller(request), repo_type, namespace, name, need=Need.ADMIN)


def _page(request: HttpRequest, repository: Repository, **forms: Form) -> HttpResponse:
    """`forms`: those that were sent and refused, with what was typed."""
    place = {"namespace": repository.namespace.name, "name": repository.name}
    context: dict[str, Any] = {
        **header(repository, "settings", user=signed_in(request)),
        "visibility": VisibilityForm.of(repository),
        "move": MoveForm(initial=place),
        "maintainer": MaintainerForm(),
        "delete": DeleteForm(repository),
        "people": repository.maintainers.select_related("user").order_by("pk")[:PEOPLE],
        "protecting": protection.protecting_track(repository),
        "redirects": repository.redirects.order_by("-pk")[:10],
        **forms,
    }
    status = 400 if forms else 200
    return render(request, "contributions/repository_settings.html", context, status=status)


def _tried(
    request: HttpRequest,
    repository: Repository,
    name: str,
    form: Form,
    act: Callable[[dict[str, Any]], object],
) -> HttpResponse | None:
    """None when it went well; otherwise the page with what was typed and why not."""
    if form.is_valid():
        try:
            act(form.cleaned_data)
            return None
        except ServiceError as refused:
            form.add_error(None, str(refused))
    return _page(request, repository, **{name: form})


@login_required
@require_POST
def visibility(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    repository = _administered(request, repo_type, namespace, name)
    actor = signed_in(request)

    def act(data: dict[str, Any]) -> object:
        return repositories.update_settings(repository, actor=actor, **data)

    refused = _tried(request, repository, "visibility", VisibilityForm(request.POST), act)
    if refused:
        return refused
    messages.success(request, gettext("Saved."))
    return HttpResponseRedirect(f"{repository.get_absolute_url()}/settings")


@login_required
@require_POST
def move(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    repository = _administered(request, repo_type, namespace, name)
    actor = signed_in(request)

    def act(data: dict[str, Any]) -> object:
        target = repositories.namespace_for(actor, data["namespace"], kind=repository.type)
        return moves.move(repository, actor=actor, namespace=target, name=data["name"])

    refused = _tried(request, repository, "move", MoveForm(request.POST), act)
    if refused:
        return refused
    messages.success(
        request,
        gettext("It is called %(name)s now; the old address leads here.")
        % {"name": repository.full_name},
    )
    # Not to its settings: who hands it over may not be among those who set it up.
    return HttpResponseRedirect(repository.get_absolute_url())


@login_required
@require_POST
def add_maintainer(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    repository = _administered(request, repo_type, namespace, name)
    actor = signed_in(request)

    def act(data: dict[str, Any]) -> object:
        return maintainers.add(repository, actor=actor, name=data["person"], role=data["role"])

    refused = _tried(request, repository, "maintainer", MaintainerForm(request.POST), act)
    if refused:
        return refused
    messages.success(request, gettext("Saved."))
    return HttpResponseRedirect(f"{repository.get_absolute_url()}/settings#people")


@login_required
@require_POST
def remove_maintainer(
    request: HttpRequest, repo_type: str, namespace: str, name: str
) -> HttpResponse:
    repository = _administered(request, repo_type, namespace, name)
    actor, person = signed_in(request), request.POST.get("person", "")
    return attempt(
        request,
        lambda: maintainers.remove(repository, actor=actor, name=person),
        done=gettext("%(name)s has no role here any more.") % {"name": person[:100]},
        then=f"{repository.get_absolute_url()}/settings#people",
    )


@login_required
@require_POST
def delete(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    repository = _administered(request, repo_type, namespace, name)
    actor, full_name, owner = signed_in(request), repository.full_name, repository.namespace.name

    def act(_: dict[str, Any]) -> object:
        return repositories.delete(repository, actor=actor)

    refused = _tried(request, repository, "delete", DeleteForm(repository, request.POST), act)
    if refused:
        return refused
    messages.success(request, gettext("%(name)s is deleted.") % {"name": full_name})
    return HttpResponseRedirect(f"/{owner}")
