"""Create and set up repositories. (Moving and deleting: contributions; more hangs on them.)"""

from __future__ import annotations

from typing import Any, Literal

from django.http.response import HttpResponseBase

from registry.hub.routing import HubCall, hub_view
from registry.models import Repository
from registry.services import access, repositories
from registry.services.access import Need
from registry.services.errors import Invalid, Unsupported

_GATED: dict[object, Literal["auto", "manual", ""]] = {
    "auto": "auto",
    "manual": "manual",
    False: "",
}


@hub_view("POST")
def create(call: HubCall) -> HttpResponseBase:
    user = call.caller.signed_in("create a repository")
    data = call.data()
    kind = repositories.kind_of(data.get("type"))
    namespace, name = _namespace_and_name(data)
    repository = repositories.create(
        actor=user,
        namespace=repositories.namespace_for(user, namespace, kind=kind, wanted=name),
        name=name,
        repo_type=kind,
        private=_private(data) or False,
    )
    return call.json(
        {"url": call.url_of(repository), "name": repository.full_name, "id": repository.full_name}
    )


def _namespace_and_name(data: dict[str, Any]) -> tuple[str | None, str]:
    """`organization` and `name`, or both in `name` as older clients send them."""
    name, organisation = data.get("name"), data.get("organization")
    if not isinstance(name, str) or not isinstance(organisation, str | None):
        raise Invalid("The repository's name is missing.", where="name")
    if "/" in name:
        organisation, _, name = name.partition("/")
    return organisation, name


def _private(data: dict[str, Any]) -> bool | None:
    """`visibility` as clients send it since 1.x, or the older boolean."""
    visibility = data.get("visibility")
    if visibility is None:
        private = data.get("private")
        return private if isinstance(private, bool) else None
    if visibility not in ("public", "private"):
        raise Invalid(
            f"The visibility {visibility!a} is not offered here.",
            where="visibility",
            next="Use public or private.",
        )
    return bool(visibility == "private")


def named(call: HubCall, data: dict[str, Any]) -> Repository:
    """The repository that a request to delete names, for who may administer it."""
    namespace, name = _namespace_and_name(data)
    owner = namespace or call.caller.signed_in().username
    kind = repositories.kind_of(data.get("type"))
    return access.repository(call.caller, kind, owner, name, need=Need.ADMIN)


@hub_view("PUT")
def settings(call: HubCall) -> HttpResponseBase:
    repository = call.repository(Need.ADMIN)
    user = call.caller.signed_in()
    data = call.data()
    gated = data.get("gated")
    if gated not in (None, *_GATED):
        raise Invalid(f"gated must be auto, manual or false, not {gated!a}.", where="gated")
    repositories.update_settings(
        repository,
        actor=user,
        private=_private(data),
        gated=None if gated is None else _GATED[gated],
    )
    return call.json({"private": repository.private, "gated": repository.gated or False})


@hub_view("POST")
def not_yet(call: HubCall) -> HttpResponseBase:
    """Copies and rewritten histories."""
    call.repository(Need.READ)
    raise Unsupported(
        f"This site does not offer {call.verb}.",
        next="Download the repository and upload it under the new name.",
    )
