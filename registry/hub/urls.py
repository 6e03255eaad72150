"""Addresses of the protocol. Patterns choose the view; the view parses the raw path.

No address ends in a slash. `/api/v1/` is not the protocol's.
"""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, re_path

from registry.hub import (
    account,
    info,
    lfs,
    preupload,
    refs,
    repositories,
    resolve,
    transfers,
    trees,
)

_API = r"^api/(?:models|datasets)/[^/]+/[^/]+"
# A dataset may be called “raw”: /datasets/ada/raw/tree is a page of it, not a file.
_REPO = r"^(?:models/|datasets/)?(?!(?:models|datasets)/)[^/]+/[^/]+"

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^api/whoami-v2$", account.whoami),
    re_path(r"^api/agent-harnesses$", account.agent_harnesses),
    re_path(r"^api/telemetry(?:/.*)?$", account.telemetry),
    re_path(r"^v1/telemetry$", account.telemetry),
    re_path(rf"^api/{account.NO_XET}$", account.no_xet),
    re_path(r"^api/validate-yaml$", preupload.validate_yaml),
    re_path(r"^api/repos/create$", repositories.create),
    re_path(r"^api/(?:models|datasets)-tags-by-type$", info.tags_by_type),
    re_path(r"^api/(?:models|datasets)$", info.listing),
    re_path(r"^api/(?:models|datasets)/[^/]+$", account.no_such_repository),
    re_path(rf"{_API}$", info.info),
    re_path(rf"{_API}/revision/.+$", info.info),
    re_path(rf"{_API}/tree/.+$", trees.tree),
    re_path(rf"{_API}/paths-info/.+$", trees.paths_info),
    re_path(rf"{_API}/commits/.+$", trees.commits),
    re_path(rf"{_API}/lfs-files$", trees.lfs_files),
    re_path(rf"{_API}/refs$", refs.listing),
    re_path(rf"{_API}/branch/.+$", refs.branch),
    re_path(rf"{_API}/tag/.+$", refs.tag),
    re_path(rf"{_API}/xet-(?:read|write)-token/.+$", account.xet_token),
    re_path(rf"{_API}/settings$", repositories.settings),
    re_path(rf"{_API}/auth-check(?:/write)?$", account.auth_check),
    re_path(rf"{_API}/(?:duplicate|super-squash/.+|lfs-files/.+)$", repositories.not_yet),
    re_path(r"^api/(?:models|datasets)/", account.no_such_call),
    re_path(r"^api/(?!v1(?:/|$))", account.not_offered),
    re_path(r"^lfs/objects/[0-9a-f]{64}$", transfers.objects),
    re_path(r"^lfs/parts/[0-9a-f]{32}/[0-9]{1,6}$", transfers.put_part),
    re_path(r"^lfs/parts/[0-9a-f]{32}$", transfers.complete),
    re_path(rf"{_REPO}\.git/info/lfs/objects/batch$", lfs.batch),
    re_path(rf"{_REPO}\.git/info/lfs/verify$", lfs.verify),
    re_path(rf"{_REPO}/(?:resolve|raw)/.+$", resolve.resolve),
    # Ids of one part, as clients still send them for models of old.
    re_path(r"^(?:datasets/)?[^/]+/resolve/.+$", account.no_such_repository),
]
