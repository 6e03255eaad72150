"""`POST /api/{T}/{id}/preupload/{rev}`: the first call of an upload.

What the commit would be refused for is refused here already, before gigabytes are sent.
"""

from __future__ import annotations

from django.http.response import HttpResponseBase

from contributions.services import pushes
from registry.hub import preupload as files
from registry.hub.routing import HubCall, hub_view
from registry.services.access import Need


@hub_view("POST")
def preupload(call: HubCall) -> HttpResponseBase:
    repository = call.repository(Need.READ)
    pushes.destination(call.caller, repository, call.rev(), create_pr=call.flag("create_pr"))
    return files.preupload(call, repository)
