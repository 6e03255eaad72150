"""Who am I, may I, and the calls that clients make unasked."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from registry.hub.routing import HubCall, hub_view
from registry.models import User
from registry.services.access import Need
from registry.services.errors import NotFound, RepoNotFound, SignInNeeded, Unsupported


@hub_view("GET")
def whoami(call: HubCall) -> HttpResponseBase:
    user, token = call.caller.user, call.caller.token
    if user is None:
        raise SignInNeeded("ask who you are")
    shape: dict[str, Any] = {
        "type": "user",
        "id": f"{user.pk:024x}",
        "name": user.username,
        "fullname": user.display_name,
        "isPro": False,
        "canPay": False,
        "orgs": _organisations(user),
        "auth": {"type": "cookie"},
    }
    if token is not None:
        shape["auth"] = {
            "type": "access_token",
            "accessToken": {"displayName": token.name, "role": token.scope},
        }
    return call.json(shape)


def _organisations(user: User) -> list[dict[str, Any]]:
    places = user.memberships.select_related("organisation__namespace").order_by("id")
    return [
        {
            "type": "org",
            "name": place.organisation.namespace.name,
            "fullname": place.organisation.fullname or place.organisation.namespace.name,
            "roleInOrg": place.role,
        }
        for place in places
    ]


@hub_view("GET")
def auth_check(call: HubCall) -> HttpResponseBase:
    call.repository(Need.WRITE if call.tail == ["write"] else Need.CONTENT)
    return call.json({"ok": True})


@hub_view("GET")
def agent_harnesses(call: HubCall) -> HttpResponseBase:
    """An empty registry: a 404 is not cached by the client, so it would ask again and again."""
    return call.json({"harnesses": []})


@hub_view("GET", "HEAD", "POST")
def telemetry(call: HubCall) -> HttpResponseBase:
    return HttpResponse(status=204)


NO_XET = "xet-is-not-offered-here/set-HF_HUB_DISABLE_XET=1-and-upload-again"


@hub_view("GET")
def xet_token(call: HubCall) -> HttpResponseBase:
    """Where a client asks for Xet. Its error shows nothing of an answer but the address that
    failed, so that address says what to do."""
    call.repository(Need.READ)
    return HttpResponse(status=307, headers={"Location": f"{call.base_url}/api/{NO_XET}"})


@hub_view("GET")
def no_xet(call: HubCall) -> HttpResponseBase:
    raise NotFound(
        "This site takes large files through LFS, not through Xet.",
        next="Set HF_HUB_DISABLE_XET=1 and upload again.",
    )


@hub_view("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
def no_such_repository(call: HubCall) -> HttpResponseBase:
    """Ids of one part (`gpt2`): there are none here."""
    raise RepoNotFound(anonymous=call.caller.is_anonymous)


@hub_view("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
def no_such_call(call: HubCall) -> HttpResponseBase:
    """Anything else below `/api/{T}/`: first say whether the repository is there."""
    if call.name:
        call.repository(Need.READ)
    raise NotFound(
        f"This site does not answer {call.request.path}.",
        next="See the README for the calls that it answers.",
    )


@hub_view("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
def not_offered(call: HubCall) -> HttpResponseBase:
    """Spaces, buckets, jobs, papers and the like."""
    raise Unsupported(
        f"This site hosts models and datasets; it does not answer {call.request.path}.",
        next="Use the public Hub for it: unset HF_ENDPOINT for that call.",
    )
