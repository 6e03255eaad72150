"""Moving and deleting a repository: what was offered there goes with it."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from contributions.services import moves, removal
from registry.hub.repositories import named
from registry.hub.routing import HubCall, hub_view
from registry.services import access, repositories
from registry.services.access import Need
from registry.services.errors import Invalid


@hub_view("DELETE")
def delete(call: HubCall) -> HttpResponse:
    repository = named(call, call.data())
    removal.delete_repository(repository, actor=call.caller.signed_in())
    return call.json({"deleted": True})


@hub_view("POST")
def move(call: HubCall) -> HttpResponseBase:
    data = call.data()
    kind = repositories.kind_of(data.get("type"))
    source, target = (str(data.get(key, "")).split("/") for key in ("fromRepo", "toRepo"))
    if len(source) != 2 or len(target) != 2:
        raise Invalid(
            "fromRepo and toRepo must both be of the form namespace/name.", where="toRepo"
        )
    repository = access.repository(call.caller, kind, source[0], source[1], need=Need.ADMIN)
    user = call.caller.signed_in()
    moved = moves.move(
        repository,
        actor=user,
        namespace=repositories.namespace_for(user, target[0]),
        name=target[1],
    )
    return call.json({"url": call.url_of(moved)})
