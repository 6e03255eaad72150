"""`DELETE /api/repos/delete`, which also takes away the checks of what was pushed."""

from __future__ import annotations

from django.http import HttpResponse

from contributions.services import removal
from registry.hub.repositories import named
from registry.hub.routing import HubCall, hub_view


@hub_view("DELETE")
def delete(call: HubCall) -> HttpResponse:
    repository = named(call, call.data())
    removal.delete_repository(repository, actor=call.caller.signed_in())
    return call.json({"deleted": True})
