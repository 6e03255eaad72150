"""`/api/v1/`: by session and by tokens. A token may do what its scope says, and no more."""

from __future__ import annotations

from tests.permissions.callers import (
    AUTHOR,
    AUTHOR_OR_WRITER,
    EVERYBODY,
    LICENCE,
    MAINTAINER,
    NOBODY,
    OPERATOR,
    SIGNED_IN,
)
from tests.permissions.entries import Call, Entry

_V1 = "api/v1"
_SUBMISSION, _AT = f"{_V1}/submissions/<int:pk>/", f"/{_V1}/submissions/{{submission}}/"
_RUN, _RUNNING = f"{_V1}/runs/<int:pk>/", f"/{_V1}/runs/{{run}}/"
_TRACK, _ON = f"{_V1}/tracks/<str:name>/", f"/{_V1}/tracks/{{track}}/"
_RELEASING = Call(MAINTAINER, scopes=("maintain",))
_RELEASE = f"{_TRACK}releases/<int:number>/"
_REPOSITORY = f"{_V1}/repositories/<str:repo_type>/<str:namespace>/<str:name>/"
_THERE = f"/{_V1}/repositories/{{kind}}/{{namespace}}/{{name}}/"
_OFFER = {"repository": "{namespace}/{name}", "revision": "refs/pr/{num}"}

ENTRIES = [
    Entry(f"{_V1}/", f"/{_V1}/", GET=NOBODY),
    Entry(f"{_V1}/me/", f"/{_V1}/me/", GET=SIGNED_IN),
    Entry(f"{_V1}/schema/", f"/{_V1}/schema/", GET=EVERYBODY),
    Entry(f"{_V1}/docs/", f"/{_V1}/docs/", GET=EVERYBODY),
    # No token makes or removes another one.
    Entry(
        f"{_V1}/tokens/",
        f"/{_V1}/tokens/",
        GET=SIGNED_IN,
        POST=Call(SIGNED_IN, {"name": "new", "scope": "read"}, works=True, scopes=()),
    ),
    Entry(
        f"{_V1}/tokens/<int:pk>/",
        f"/{_V1}/tokens/{{token}}/",
        DELETE=Call(AUTHOR, works=True, scopes=()),
    ),
    Entry(
        f"{_V1}/repositories/",
        f"/{_V1}/repositories/",
        GET=EVERYBODY,
        POST=Call(SIGNED_IN, {"name": "new", "repo_type": "model"}, works=True),
    ),
    Entry(_REPOSITORY, _THERE.replace("{kind}", "model"), GET=EVERYBODY),
    Entry(
        f"{_V1}/submissions/",
        f"/{_V1}/submissions/",
        GET=Call(EVERYBODY, private=EVERYBODY),
        POST=Call(SIGNED_IN, _OFFER),
    ),
    Entry(_SUBMISSION, _AT, GET=EVERYBODY),
    Entry(f"{_SUBMISSION}log/", f"{_AT}log/", GET=EVERYBODY),
    Entry(f"{_SUBMISSION}cancel/", f"{_AT}cancel/", POST=Call(AUTHOR_OR_WRITER, works=True)),
    Entry(f"{_SUBMISSION}rerun/", f"{_AT}rerun/", POST=AUTHOR_OR_WRITER),
    Entry(f"{_SUBMISSION}withdraw/", f"{_AT}withdraw/", POST=Call(AUTHOR_OR_WRITER, works=True)),
    Entry(f"{_SUBMISSION}open/", f"{_AT}open/", POST=AUTHOR_OR_WRITER),
    Entry(f"{_SUBMISSION}evaluate/", f"{_AT}evaluate/", POST=AUTHOR_OR_WRITER),
    Entry(
        f"{_SUBMISSION}track/", f"{_AT}track/", POST=Call(AUTHOR_OR_WRITER, {"track": "{track}"})
    ),
    Entry(
        f"{_SUBMISSION}answer/",
        f"/{_V1}/submissions/{{asked}}/answer/",
        POST=Call(AUTHOR, {"text": "They are mine."}, works=True),
    ),
    Entry(
        f"{_SUBMISSION}reviews/",
        f"{_AT}reviews/",
        POST=Call(
            LICENCE,
            {"key": "licence", "decision": "approve", "head": "{head}"},
            works=True,
            private=LICENCE,
        ),
    ),
    Entry(_RUN, _RUNNING, GET=EVERYBODY),
    Entry(f"{_RUN}log/", f"{_RUNNING}log/", GET=EVERYBODY),
    Entry(f"{_RUN}cancel/", f"{_RUNNING}cancel/", POST=Call(AUTHOR_OR_WRITER, works=True)),
    Entry(f"{_V1}/tracks/", f"/{_V1}/tracks/", GET=EVERYBODY),
    Entry(_TRACK, _ON, GET=EVERYBODY),
    Entry(f"{_TRACK}leaderboard/", f"{_ON}leaderboard/", GET=EVERYBODY),
    Entry(f"{_TRACK}releases/", f"{_ON}releases/", GET=EVERYBODY, POST=_RELEASING),
    Entry(_RELEASE, f"{_ON}releases/{{release}}/", GET=EVERYBODY),
    Entry(
        f"{_RELEASE}cancel/",
        f"{_ON}releases/{{merging}}/cancel/",
        POST=Call(MAINTAINER, works=True, scopes=("maintain",)),
    ),
    Entry(f"{_V1}/releases/", f"/{_V1}/releases/", GET=EVERYBODY),
    Entry(
        f"{_V1}/publications/",
        f"/{_V1}/publications/",
        GET=Call(EVERYBODY, private=EVERYBODY),
        POST=Call(
            MAINTAINER,
            {
                "track": "{track}",
                "release": 1,
                "endpoint": "https://huggingface.co",
                "repo_id": "circle/x",
            },
            scopes=("maintain",),
        ),
    ),
    Entry(f"{_V1}/publications/<int:pk>/", f"/{_V1}/publications/{{publication}}/", GET=EVERYBODY),
    Entry(f"{_V1}/reviews/", f"/{_V1}/reviews/", GET=SIGNED_IN),
    Entry(
        f"{_V1}/reviews/<int:pk>/claim/",
        f"/{_V1}/reviews/{{item}}/claim/",
        POST=Call(LICENCE, works=True, private=LICENCE),
    ),
    Entry(
        f"{_V1}/reviews/<int:pk>/give-back/",
        f"/{_V1}/reviews/{{item}}/give-back/",
        POST=Call(LICENCE | OPERATOR, private=LICENCE | OPERATOR),
    ),
    Entry(f"{_V1}/notifications/", f"/{_V1}/notifications/", GET=SIGNED_IN),
    Entry(f"{_V1}/notifications/read/", f"/{_V1}/notifications/read/", POST=SIGNED_IN),
    Entry(f"{_V1}/queue/", f"/{_V1}/queue/", GET=EVERYBODY),
]
