"""Branches, tags and pull request heads."""

from __future__ import annotations

from collections.abc import Iterable

from django.http.response import HttpResponseBase

from registry.hub.routing import HubCall, by_method, hub_view
from registry.models import Ref
from registry.services import refs
from registry.services.access import Need
from registry.services.errors import Invalid


@hub_view("GET")
def listing(call: HubCall) -> HttpResponseBase:
    repository = call.repository(Need.READ)
    shape = {
        "branches": _shown(refs.heads(repository)),
        "converts": [],
        "tags": _shown(refs.tags(repository)),
    }
    if call.flag("include_prs") or call.flag("include_pull_requests"):
        shape["pullRequests"] = _shown(refs.pr(repository))
    return call.json(shape)


def _shown(found: Iterable[Ref]) -> list[dict[str, str]]:
    return [
        {
            "name": ref.short_name.removeprefix("refs/pr/"),
            "ref": ref.name,
            "targetCommit": ref.oid,
        }
        for ref in found
    ]


@hub_view("POST")
def create_branch(call: HubCall) -> HttpResponseBase:
    repository = call.repository(Need.WRITE)
    start = call.data().get("startingPoint")
    ref = refs.create_branch(
        repository,
        call.rev(),
        actor=call.caller.signed_in(),
        starting_point=start if isinstance(start, str) else None,
    )
    return call.json({"ref": ref.name, "targetCommit": ref.oid})


@hub_view("DELETE")
def delete_branch(call: HubCall) -> HttpResponseBase:
    repository = call.repository(Need.WRITE)
    refs.delete_branch(repository, call.rev(), actor=call.caller.signed_in())
    return call.json({})


@hub_view("POST")
def create_tag(call: HubCall) -> HttpResponseBase:
    repository = call.repository(Need.WRITE)
    data = call.data()
    name, message = data.get("tag"), data.get("message")
    if not isinstance(name, str):
        raise Invalid("The name of the tag is missing.", where="tag")
    ref = refs.create_tag(
        repository,
        name,
        actor=call.caller.signed_in(),
        revision=call.rev(),
        message=message[:2000] if isinstance(message, str) else "",
    )
    return call.json({"ref": ref.name, "targetCommit": ref.oid})


@hub_view("DELETE")
def delete_tag(call: HubCall) -> HttpResponseBase:
    repository = call.repository(Need.WRITE)
    refs.delete_tag(repository, call.rev(), actor=call.caller.signed_in())
    return call.json({})


branch = by_method(POST=create_branch, DELETE=delete_branch)
tag = by_method(POST=create_tag, DELETE=delete_tag)
