"""`POST /api/{T}/{id}/commit/{rev}[?create_pr=1]`: a push is a contribution."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.http import HttpResponse

from contributions.hub import payload
from contributions.services import pushes
from registry.hub.routing import HubCall, hub_view, release_database
from registry.services import blobs
from registry.services.access import Need
from registry.services.errors import Invalid


@hub_view("POST")
def commit(call: HubCall) -> HttpResponse:
    repository = call.repository(Need.READ)
    destination = pushes.destination(
        call.caller, repository, call.rev(), create_pr=call.flag("create_pr")
    )
    size = _length(call)
    release_database()
    with tempfile.TemporaryDirectory(prefix="commit-", dir=blobs.incoming()) as folder:
        sent = payload.read(call.request, Path(folder), size=size)
        revision, discussion = destination.commit(
            title=sent.header.title,
            message=sent.header.message,
            operations=sent.operations,
            parent=sent.header.parent,
        )
    url = call.url_of(repository)
    answer = {
        "success": True,
        "commitOid": revision.oid,
        "commitUrl": f"{url}/commit/{revision.oid}",
        "hookOutput": "",
    }
    if discussion is not None:
        answer["pullRequestUrl"] = f"{url}/discussions/{discussion.num}"
    return call.json(answer)


def _length(call: HubCall) -> int:
    given = call.request.headers.get("Content-Length", "")
    if not given.isdigit():
        raise Invalid("The request has no Content-Length.", next="Send the length of the body.")
    return int(given)
