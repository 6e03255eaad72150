from __future__ import annotations

from django.urls import URLPattern, URLResolver, re_path

from contributions.hub import discussions
from contributions.hub.commit import commit
from contributions.hub.preupload import preupload
from contributions.hub.repositories import delete, move

_REPOSITORY = r"^api/(?:models|datasets)/[^/]+/[^/]+"
_THREAD = rf"{_REPOSITORY}/discussions/[^/]+"

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^api/repos/delete$", delete),
    re_path(r"^api/repos/move$", move),
    re_path(rf"{_REPOSITORY}/preupload/.+$", preupload),
    re_path(rf"{_REPOSITORY}/commit/.+$", commit),
    re_path(rf"{_REPOSITORY}/discussions$", discussions.collection),
    re_path(rf"{_THREAD}$", discussions.details),
    re_path(rf"{_THREAD}/comment$", discussions.comment),
    re_path(rf"{_THREAD}/comment/[^/]+/edit$", discussions.edit_comment),
    re_path(rf"{_THREAD}/comment/[^/]+/hide$", discussions.hide_comment),
    re_path(rf"{_THREAD}/title$", discussions.rename),
    re_path(rf"{_THREAD}/status$", discussions.change_status),
    re_path(rf"{_THREAD}/merge$", discussions.merge),
]
