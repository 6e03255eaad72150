"""The protocol that `hf`, LFS and `datasets` speak: by session and by tokens."""

from __future__ import annotations

import base64
import json

from tests.permissions.callers import (
    AUTHOR,
    AUTHOR_OR_WRITER,
    EVERYBODY,
    MAINTAINER,
    NOBODY,
    SIGNED_IN,
    WRITERS,
)
from tests.permissions.entries import Call, Entry
from tests.permissions.scene import SCOPES, SHA

_ROUTE, _API = "^api/(?:models|datasets)/[^/]+/[^/]+", "/api/models/{namespace}/{name}"
_THREAD, _HERE = f"{_ROUTE}/discussions/[^/]+", f"{_API}/discussions/{{num}}"
_DATA = "/api/datasets/{namespace}/{name}"
_FILES = r"^(?:models/|datasets/)?(?!(?:models|datasets)/)[^/]+/[^/]+"
_SAID = f"{_HERE}/comment/{{event}}"
_NAMED = {"type": "model", "name": "{name}", "organization": "{namespace}"}
_COMMIT = "\n".join(
    json.dumps({"key": key, "value": value})
    for key, value in [
        ("header", {"summary": "x"}),
        (
            "file",
            {
                "path": "x.txt",
                "content": base64.b64encode(b"x").decode(),
                "encoding": "base64",
            },
        ),
    ]
)
# Changes nothing, so that it asks for no scope.
_ANY = Call(EVERYBODY, scopes=SCOPES)
_UPLOAD = {"operation": "upload", "objects": [{"oid": SHA, "size": 5}]}
_PREUPLOAD = json.dumps({"files": [{"path": "x.txt", "size": 1, "sample": ""}]})

ENTRIES = [
    # --- the whole site ---
    Entry("^api/whoami-v2$", "/api/whoami-v2", GET=SIGNED_IN),
    Entry("^api/agent-harnesses$", "/api/agent-harnesses", GET=EVERYBODY),
    Entry("^api/telemetry(?:/.*)?$", "/api/telemetry/x", GET=EVERYBODY, POST=_ANY),
    Entry("^v1/telemetry$", "/v1/telemetry", GET=EVERYBODY, POST=_ANY),
    Entry(
        "^api/xet-is-not-offered-here/set-HF_HUB_DISABLE_XET=1-and-upload-again$",
        "/api/xet-is-not-offered-here/set-HF_HUB_DISABLE_XET=1-and-upload-again",
        GET=NOBODY,
    ),
    Entry(
        "^api/validate-yaml$",
        "/api/validate-yaml",
        POST=Call(EVERYBODY, {"content": "x"}, scopes=SCOPES),
    ),
    Entry("^api/(?:models|datasets)-tags-by-type$", "/api/models-tags-by-type", GET=EVERYBODY),
    Entry("^api/(?:models|datasets)$", "/api/models", GET=EVERYBODY),
    Entry("^api/(?:models|datasets)/[^/]+$", "/api/models/gpt2", GET=NOBODY),
    Entry("^(?:datasets/)?[^/]+/resolve/.+$", "/gpt2/resolve/main/x", GET=NOBODY),
    Entry("^api/(?!v1(?:/|$))", "/api/spaces/x", GET=EVERYBODY),
    Entry(
        "^api/repos/create$",
        "/api/repos/create",
        POST=Call(SIGNED_IN, {"name": "new", "type": "model"}, works=True),
    ),
    # What a signature opens; nobody here has one.
    Entry("^lfs/objects/[0-9a-f]{64}$", f"/lfs/objects/{SHA}", GET=NOBODY, PUT=NOBODY),
    Entry("^lfs/parts/[0-9a-f]{32}/[0-9]{1,6}$", f"/lfs/parts/{SHA[:32]}/1", PUT=NOBODY),
    Entry("^lfs/parts/[0-9a-f]{32}$", f"/lfs/parts/{SHA[:32]}", POST=NOBODY),
    # --- one repository ---
    Entry(f"{_ROUTE}$", _API, GET=EVERYBODY),
    Entry(f"{_ROUTE}/revision/.+$", f"{_API}/revision/main", GET=EVERYBODY),
    Entry(f"{_ROUTE}/tree/.+$", f"{_API}/tree/main", GET=EVERYBODY),
    Entry(
        f"{_ROUTE}/paths-info/.+$",
        f"{_API}/paths-info/main",
        POST=Call(EVERYBODY, "paths=README.md", scopes=SCOPES),
    ),
    Entry(f"{_ROUTE}/commits/.+$", f"{_API}/commits/main", GET=EVERYBODY),
    Entry(f"{_ROUTE}/refs$", f"{_API}/refs", GET=EVERYBODY),
    Entry(f"{_ROUTE}/lfs-files$", f"{_API}/lfs-files", GET=Call(WRITERS, scopes=("write",))),
    Entry(
        f"{_ROUTE}/branch/.+$",
        f"{_API}/branch/new",
        POST=Call(WRITERS, works=True),
    ),
    Entry(f"{_ROUTE}/branch/.+$", f"{_API}/branch/old", DELETE=Call(WRITERS, works=True)),
    Entry(
        f"{_ROUTE}/tag/.+$",
        f"{_API}/tag/main",
        POST=Call(WRITERS, {"tag": "v2"}, works=True),
    ),
    Entry(f"{_ROUTE}/tag/.+$", f"{_API}/tag/v1", DELETE=Call(WRITERS, works=True)),
    Entry(f"{_ROUTE}/xet-(?:read|write)-token/.+$", f"{_API}/xet-read-token/main", GET=EVERYBODY),
    Entry(
        f"{_ROUTE}/settings$",
        f"{_API}/settings",
        PUT=Call(MAINTAINER, {"gated": "auto"}, works=True),
    ),
    Entry(f"{_ROUTE}/auth-check(?:/write)?$", f"{_API}/auth-check", GET=EVERYBODY),
    Entry(
        f"{_ROUTE}/auth-check(?:/write)?$",
        f"{_API}/auth-check/write",
        GET=Call(WRITERS, scopes=("write",)),
    ),
    Entry(
        f"{_ROUTE}/(?:duplicate|super-squash/.+|lfs-files/.+)$",
        f"{_API}/super-squash/main",
        POST=Call(EVERYBODY, scopes=SCOPES),
    ),
    Entry("^api/(?:models|datasets)/", f"{_API}/unknown", GET=NOBODY),
    *(
        Entry(route, f"{at}/{verb}/{to}", kind=kind, POST=Call(who, body, works=verb == "commit"))
        for verb, route, body in (
            ("preupload", f"{_ROUTE}/preupload/.+$", _PREUPLOAD),
            ("commit", f"{_ROUTE}/commit/.+$", _COMMIT),
        )
        for at, kind, to, who in (
            (_API, "model", "refs%2Fpr%2F{num}", AUTHOR_OR_WRITER),
            (_API, "model", "main?create_pr=1", SIGNED_IN),
            # An open track protects main from everybody.
            (_API, "model", "main", NOBODY),
            (_DATA, "dataset", "main", WRITERS),
        )
    ),
    *(
        Entry(
            rf"{_FILES}/(?:resolve|raw)/.+$",
            f"/{prefix}{{namespace}}/{{name}}/{verb}/main/README.md",
            kind=kind,
            GET=EVERYBODY,
        )
        for prefix, kind in (("", "model"), ("datasets/", "dataset"))
        for verb in ("resolve", "raw")
    ),
    Entry(
        rf"{_FILES}\.git/info/lfs/objects/batch$",
        "/{namespace}/{name}.git/info/lfs/objects/batch",
        POST=Call(SIGNED_IN, json.dumps(_UPLOAD)),
    ),
    Entry(
        rf"{_FILES}\.git/info/lfs/objects/batch$",
        "/{namespace}/{name}.git/info/lfs/objects/batch",
        POST=Call(EVERYBODY, json.dumps({**_UPLOAD, "operation": "download"}), scopes=SCOPES),
    ),
    Entry(
        rf"{_FILES}\.git/info/lfs/verify$",
        "/{namespace}/{name}.git/info/lfs/verify",
        # The object is nowhere, whoever asks.
        POST=Call(NOBODY, {"oid": SHA, "size": 5}),
    ),
    Entry(
        "^api/repos/move$",
        "/api/repos/move",
        POST=Call(
            MAINTAINER,
            {"fromRepo": "{namespace}/{name}", "toRepo": "{namespace}/moved", "type": "model"},
            works=True,
        ),
    ),
    Entry("^api/repos/delete$", "/api/repos/delete", DELETE=Call(MAINTAINER, _NAMED)),
    # --- discussions ---
    Entry(
        f"{_ROUTE}/discussions$",
        f"{_API}/discussions",
        GET=EVERYBODY,
        POST=Call(SIGNED_IN, {"title": "A thought"}, works=True),
    ),
    Entry(f"{_THREAD}$", _HERE, GET=EVERYBODY),
    Entry(
        f"{_THREAD}/comment$",
        f"{_HERE}/comment",
        POST=Call(SIGNED_IN, {"comment": "c"}, works=True),
    ),
    Entry(
        f"{_THREAD}/comment/[^/]+/edit$",
        f"{_SAID}/edit",
        POST=Call(AUTHOR, {"content": "c"}, works=True),
    ),
    Entry(
        f"{_THREAD}/comment/[^/]+/hide$",
        f"{_SAID}/hide",
        POST=Call(AUTHOR_OR_WRITER, works=True),
    ),
    Entry(
        f"{_THREAD}/title$",
        f"{_HERE}/title",
        POST=Call(AUTHOR_OR_WRITER, {"title": "Another"}, works=True),
    ),
    Entry(
        f"{_THREAD}/status$",
        f"{_HERE}/status",
        POST=Call(AUTHOR_OR_WRITER, {"status": "closed"}, works=True),
    ),
    Entry(f"{_THREAD}/merge$", f"{_HERE}/merge", POST=WRITERS),
]
