"""Before an upload: which files go where, and whether the card is well formed."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase

from registry.hub.routing import HubCall, hub_view
from registry.models import Repository
from registry.services import card_rules, large_files, objects, paths
from registry.services.errors import Invalid

_MOST_FILES = 1000


def preupload(call: HubCall, repository: Repository) -> HttpResponseBase:
    """Which files of `repository` to send how. Who may push there is decided above."""
    revision = call.revision(repository)
    data = call.data()
    files = _files(data)
    rules = large_files.rules_at(revision)
    if isinstance(data.get("gitIgnore"), str):
        rules = large_files.Rules(rules.attributes, data["gitIgnore"])
    known = objects.find_many(revision.tree, [path for path, _ in files])
    current = {entry.path: entry for entry in objects.described(list(known.values()))}
    answers = []
    for path, size in files:
        mode = "lfs" if rules.is_large(path, size) else "regular"
        answer: dict[str, Any] = {
            "path": path,
            "uploadMode": mode,
            "shouldIgnore": rules.is_ignored(path),
        }
        if path in current and current[path].is_file:
            answer["oid"] = current[path].etag
        answers.append(answer)
    return call.json({"files": answers, "commitOid": revision.oid})


def _files(data: dict[str, Any]) -> list[tuple[str, int]]:
    files = data.get("files")
    if not isinstance(files, list) or len(files) > _MOST_FILES:
        raise Invalid(f"files must be a list of at most {_MOST_FILES} files.", where="files")
    found = []
    for file in files:
        size = file.get("size", 0) if isinstance(file, dict) else None
        if not isinstance(size, int) or size < 0 or not isinstance(file.get("path"), str):
            raise Invalid("Each file needs a path and a size.", where="files")
        found.append((paths.checked(file["path"]), size))
    return found


@hub_view("POST")
def validate_yaml(call: HubCall) -> HttpResponseBase:
    """Always JSON with both lists: the client parses it before it looks at the status."""
    data = call.data()
    content = data.get("content")
    if not isinstance(content, str):
        raise Invalid("content must be the text of the card.", where="content")
    errors, warnings = card_rules.judged(content, str(data.get("repoType") or "model"))
    return call.json(
        {
            "errors": [{"message": message} for message in errors],
            "warnings": [{"message": message} for message in warnings],
        },
        status=400 if errors else 200,
    )
