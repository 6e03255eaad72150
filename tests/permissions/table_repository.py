"""Pages of one repository, the same for models and for data sets."""

from __future__ import annotations

from tests.permissions.callers import (
    AUTHOR,
    AUTHOR_OR_WRITER,
    EVERYBODY,
    MAINTAINER,
    SIGNED_IN,
    WRITERS,
)
from tests.permissions.entries import Call, Entry

_THREAD = "/discussions/<int:num>"
_COMMENT = f"{_THREAD}/comments/<int:pk>"
_HERE, _SAID = "/discussions/{num}", "/discussions/{num}/comments/{comment}"

# Route below the repository, the address there, methods.
_PAGES = [
    ("", "", {"GET": EVERYBODY}),
    ("/tree", "/tree", {"GET": EVERYBODY}),
    ("/tree/<path:rest>", "/tree/main/docs", {"GET": EVERYBODY}),
    ("/blob/<path:rest>", "/blob/main/README.md", {"GET": EVERYBODY}),
    ("/commits", "/commits", {"GET": EVERYBODY}),
    ("/commits/<path:rest>", "/commits/main", {"GET": EVERYBODY}),
    ("/commit/<str:oid>", "/commit/{oid}", {"GET": EVERYBODY}),
    ("/compare", "/compare", {"GET": EVERYBODY}),
    ("/compare/<path:rest>", "/compare/old...main", {"GET": EVERYBODY}),
    ("/refs", "/refs", {"GET": EVERYBODY}),
    ("/scores", "/scores", {"GET": EVERYBODY}),
    ("/credit", "/credit", {"GET": EVERYBODY}),
    ("/lineage", "/lineage", {"GET": EVERYBODY}),
    ("/licence", "/licence", {"GET": EVERYBODY}),
    ("/settings", "/settings", {"GET": MAINTAINER}),
    ("/settings/visibility", "/settings/visibility", {"POST": MAINTAINER}),
    (
        "/settings/move",
        "/settings/move",
        {"POST": Call(MAINTAINER, {"namespace": "circle", "name": "moved"}, works=True)},
    ),
    (
        "/settings/maintainers/add",
        "/settings/maintainers/add",
        {"POST": Call(MAINTAINER, {"person": "stranger-person", "role": "read"}, works=True)},
    ),
    (
        "/settings/maintainers/remove",
        "/settings/maintainers/remove",
        {"POST": Call(MAINTAINER, {"person": "contributor-person"})},
    ),
    ("/settings/delete", "/settings/delete", {"POST": MAINTAINER}),
    ("/discussions", "/discussions", {"GET": EVERYBODY}),
    (
        "/discussions/new",
        "/discussions/new",
        {"POST": Call(SIGNED_IN, {"title": "A thought", "text": "It is this."}, works=True)},
    ),
    (_THREAD, _HERE, {"GET": EVERYBODY}),
    (
        f"{_THREAD}/answer",
        f"{_HERE}/answer",
        {"POST": Call(SIGNED_IN, {"do": "comment", "comment": "Yes."}, works=True)},
    ),
    (
        f"{_THREAD}/title",
        f"{_HERE}/title",
        {"POST": Call(AUTHOR_OR_WRITER, {"title": "Another"}, works=True)},
    ),
    (_COMMENT, _SAID, {"GET": EVERYBODY}),
    (
        f"{_COMMENT}/edit",
        f"{_SAID}/edit",
        {"POST": Call(AUTHOR, {"comment": "Otherwise."}, works=True)},
    ),
    (f"{_COMMENT}/hide", f"{_SAID}/hide", {"POST": Call(AUTHOR_OR_WRITER, {}, works=True)}),
    ("/start", "/start", {"GET": WRITERS}),
    (
        "/edit/<path:rest>",
        "/edit/main/README.md",
        {"GET": SIGNED_IN, "POST": SIGNED_IN},
    ),
]

ENTRIES = [
    Entry(
        f"{prefix}<ns:namespace>/<name:name>{route}",
        f"/{prefix}{{namespace}}/{{name}}{address}",
        kind=kind,
        **methods,
    )
    for prefix, kind in (("", "model"), ("datasets/", "dataset"))
    for route, address, methods in _PAGES
]
