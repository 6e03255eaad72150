"""What lies where: folders, single paths, commits."""

from __future__ import annotations

from django.http.response import HttpResponseBase

from registry.hub import shapes
from registry.hub.routing import HubCall, hub_view
from registry.services import history, objects
from registry.services.access import Need
from registry.services.errors import Invalid
from registry.services.refs import resolve

_PAGE, _COMMITS = 1000, 50
_MOST_PATHS = 2000


@hub_view("GET")
def tree(call: HubCall) -> HttpResponseBase:
    repository = call.repository(Need.READ)
    revision, path = call.revision_and_path(repository)
    path = path.strip("/")
    limit = call.number("limit", _PAGE, most=_PAGE)
    entries = objects.walk(revision.tree, path, recursive=call.flag("recursive"))
    after = call.request.GET.get("cursor", "")
    rest = [entry for entry in entries if entry.path > after] if after else entries
    shown = objects.described(rest[:limit])
    last = history.last_commits(revision, folder=path) if call.flag("expand") else {}
    cursor = shown[-1].path if len(rest) > limit else None
    return call.page(shapes.tree_entries(shown, last), cursor=cursor)


@hub_view("POST")
def paths_info(call: HubCall) -> HttpResponseBase:
    """Form-encoded, because the client sends it so; a path that does not exist is left out."""
    repository = call.repository(Need.READ)
    revision = call.revision(repository)
    if (call.request.content_type or "").endswith("json"):
        data = call.data()
        paths, expand = data.get("paths", []), bool(data.get("expand"))
    else:
        form = call.form()
        paths, expand = form.get("paths", []), form.get("expand", ["false"])[0].lower() == "true"
    if not isinstance(paths, list):
        raise Invalid("paths must be a list.", where="paths")
    if len(paths) > _MOST_PATHS:
        raise Invalid(f"At most {_MOST_PATHS} paths can be asked for at once.", where="paths")
    found = objects.find_many(revision.tree, [str(path).strip("/") for path in paths])
    last = history.last_commits(revision) if expand else {}
    entries = objects.described([entry for path, entry in found.items() if path])
    return call.json(shapes.tree_entries(entries, last))


@hub_view("GET")
def commits(call: HubCall) -> HttpResponseBase:
    """Newest first; the cursor is the commit that the next page begins with."""
    repository = call.repository(Need.READ)
    revision = call.revision(repository)
    if cursor := call.request.GET.get("cursor"):
        revision = resolve(repository, cursor)
    limit = call.number("limit", _COMMITS, most=1000)
    formatted = "formatted" in call.request.GET.getlist("expand[]")
    found = history.log(revision, limit=limit + 1)
    items = [shapes.commit(item, formatted=formatted) for item in found[:limit]]
    return call.page(items, cursor=found[limit].oid if len(found) > limit else None)


@hub_view("GET")
def lfs_files(call: HubCall) -> HttpResponseBase:
    """Large files at the default branch."""
    repository = call.repository(Need.WRITE)
    revision = resolve(repository)
    entries = objects.described(objects.walk(revision.tree, recursive=True))
    return call.json(
        [
            {
                "fileOid": entry.oid,
                "filename": entry.path,
                "oid": entry.lfs.sha256,
                "pushedAt": shapes.moment(revision.created_at),
                "ref": repository.default_branch,
                "size": entry.size,
            }
            for entry in entries
            if entry.lfs
        ]
    )
