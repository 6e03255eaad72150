"""A new repository, and what its owner does next."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from contributions.services import beginnings
from contributions.web.new_forms import RepositoryForm
from registry.models import RepoType
from registry.models.names import validate_name
from registry.services import access
from registry.services.access import Caller
from registry.services.errors import ServiceError
from registry.web.pages import sentence, signed_in


@login_required
@require_http_methods(["GET", "POST"])
def new_repository(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    places = beginnings.places(user)
    form = RepositoryForm(places, request.POST or None, initial=_wished(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = beginnings.begin_repository(actor=user, **form.cleaned_data)
        except ServiceError as error:
            form.add_error("name" if error.where == "name" else None, sentence(error))
        else:
            messages.success(
                request, gettext("%(name)s is there. Now bring its files.") % {"name": made}
            )
            return HttpResponseRedirect(f"{made.get_absolute_url()}/start")
    status = 400 if request.method == "POST" else 200
    return render(request, "contributions/new_repository.html", {"form": form}, status=status)


def _wished(request: HttpRequest) -> dict[str, str]:
    return {
        "repo_type": request.GET.get("type", RepoType.MODEL),
        "owner": request.GET.get("owner", ""),
    }


@login_required
@require_GET
def check_name(request: HttpRequest) -> HttpResponse:
    """What would be said of this name, while it is typed."""
    user, wanted = signed_in(request), request.GET
    name, owner = wanted.get("name", "").strip(), wanted.get("owner", "")
    kind = RepoType.DATASET if wanted.get("repo_type") == RepoType.DATASET else RepoType.MODEL
    fault = ""
    try:
        validate_name(name)
    except ValidationError as wrong:
        fault = wrong.messages[0]
    taken = access.visible(Caller(user=user)).named(kind, owner, name)
    if not fault and taken.exists():
        fault = gettext("%(owner)s has a repository of this name already.") % {"owner": owner}
    context = {"fault": fault, "name": name, "owner": owner}
    return render(request, "contributions/_name_check.html", context)


@login_required
@require_GET
def start(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    """An empty repository: how files come into it."""
    asking = Caller(user=signed_in(request))
    repository = access.repository(asking, repo_type, namespace, name, need=access.Need.WRITE)
    context = {
        "repository": repository,
        "tab": "card",
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/new_repository_start.html", context)
