"""Pages of submissions, runs, tracks and releases, and the wizard that prepares an offer."""

from __future__ import annotations

from tests.permissions.callers import (
    AUTHOR,
    AUTHOR_OR_WRITER,
    EVERYBODY,
    LICENCE,
    MAINTAINER,
    SIGNED_IN,
)
from tests.permissions.entries import Call, Entry

_SUBMISSION, _AT = "submissions/<int:pk>", "/submissions/{submission}"
_RUN, _RUNNING = "runs/<int:pk>", "/runs/{run}"
_TRACK, _ON = "tracks/<str:name>", "/tracks/{track}"
_RELEASE, _MADE = f"{_TRACK}/releases/<int:number>", f"{_ON}/releases/{{release}}"
_DRAFT, _HALF = "submit/<int:pk>", "/submit/{draft}"
_FILE, _ARRIVING = f"{_DRAFT}/files/<int:file>", f"{_HALF}/files/{{file}}"
_APPROVE = {"key": "licence", "decision": "approve", "head": "{head}"}
_PUBLISH = {"endpoint": "https://huggingface.co", "repo_id": "circle/x"}

ENTRIES = [
    Entry("submissions", "/submissions", GET=EVERYBODY),
    Entry("submissions/mine", "/submissions/mine", GET=SIGNED_IN),
    Entry(_SUBMISSION, _AT, GET=EVERYBODY),
    Entry(f"{_SUBMISSION}/live", f"{_AT}/live", GET=EVERYBODY),
    Entry(f"{_SUBMISSION}/confirm/withdraw", f"{_AT}/confirm/withdraw", GET=AUTHOR_OR_WRITER),
    Entry(
        f"{_SUBMISSION}/track",
        f"{_AT}/track",
        POST=Call(AUTHOR_OR_WRITER, {"track": "{track}"}),
    ),
    Entry(
        f"{_SUBMISSION}/review",
        f"{_AT}/review",
        POST=Call(LICENCE, _APPROVE, works=True),
    ),
    Entry(
        f"{_SUBMISSION}/answer",
        "/submissions/{asked}/answer",
        POST=Call(AUTHOR, {"text": "They are mine."}, works=True),
    ),
    Entry(
        f"{_SUBMISSION}/comment",
        f"{_AT}/comment",
        POST=Call(SIGNED_IN, {"comment": "Well."}, works=True),
    ),
    Entry(
        f"{_SUBMISSION}/title",
        f"{_AT}/title",
        POST=Call(AUTHOR_OR_WRITER, {"title": "Another"}, works=True),
    ),
    Entry(
        f"{_SUBMISSION}/<str:verb>",
        f"{_AT}/withdraw",
        POST=Call(AUTHOR_OR_WRITER, {}, works=True),
    ),
    Entry(_RUN, _RUNNING, GET=EVERYBODY),
    Entry(f"{_RUN}/live", f"{_RUNNING}/live", GET=EVERYBODY),
    Entry(f"{_RUN}/log", f"{_RUNNING}/log", GET=EVERYBODY),
    Entry(f"{_RUN}/log/more", f"{_RUNNING}/log/more", GET=EVERYBODY),
    Entry(f"{_RUN}/again", f"{_RUNNING}/again", POST=AUTHOR_OR_WRITER),
    Entry(f"{_RUN}/cancel", f"{_RUNNING}/cancel", POST=Call(AUTHOR_OR_WRITER, {}, works=True)),
    Entry("tracks", "/tracks", GET=EVERYBODY),
    Entry(_TRACK, _ON, GET=EVERYBODY),
    Entry(f"{_TRACK}/leaderboard.csv", f"{_ON}/leaderboard.csv", GET=EVERYBODY),
    Entry(f"{_TRACK}/leaderboard.json", f"{_ON}/leaderboard.json", GET=EVERYBODY),
    Entry(f"{_TRACK}/release", f"{_ON}/release", GET=MAINTAINER, POST=MAINTAINER),
    Entry(
        f"{_TRACK}/close",
        f"{_ON}/close",
        GET=MAINTAINER,
        POST=Call(MAINTAINER, {"reason": "It is done."}),
    ),
    Entry(f"{_TRACK}/reopen", f"{_ON}/reopen", POST=MAINTAINER),
    Entry(_RELEASE, _MADE, GET=EVERYBODY),
    Entry(f"{_RELEASE}/evidence.json", f"{_MADE}/evidence.json", GET=EVERYBODY),
    Entry(f"{_RELEASE}/live", f"{_MADE}/live", GET=EVERYBODY),
    Entry(
        f"{_RELEASE}/cancel",
        f"{_ON}/releases/{{merging}}/cancel",
        POST=Call(MAINTAINER, {}, works=True),
    ),
    Entry(
        f"{_RELEASE}/publish",
        f"{_MADE}/publish",
        GET=MAINTAINER,
        POST=Call(MAINTAINER, _PUBLISH),
    ),
    Entry(
        f"{_RELEASE}/publish/token",
        f"{_MADE}/publish/token",
        POST=Call(
            MAINTAINER, {"endpoint": "https://hub.example", "token": "hf_theirs"}, works=True
        ),
    ),
    # A draft is its author's alone.
    Entry("submit", "/submit", GET=SIGNED_IN, POST=SIGNED_IN),
    Entry(_DRAFT, _HALF, GET=AUTHOR),
    Entry(f"{_DRAFT}/what", f"{_HALF}/what", GET=AUTHOR, POST=AUTHOR),
    Entry(f"{_DRAFT}/files", f"{_HALF}/files", GET=AUTHOR, POST=AUTHOR),
    Entry(f"{_DRAFT}/files/announce", f"{_HALF}/files/announce", POST=AUTHOR),
    Entry(f"{_FILE}/remove", f"{_ARRIVING}/remove", POST=Call(AUTHOR, {}, works=True)),
    Entry(f"{_FILE}/complete", f"{_ARRIVING}/complete", POST=AUTHOR),
    Entry(f"{_FILE}/parts/<int:number>", f"{_ARRIVING}/parts/1", PUT=AUTHOR),
    Entry(f"{_DRAFT}/recipe", f"{_HALF}/recipe", GET=AUTHOR, POST=AUTHOR),
    Entry(f"{_DRAFT}/licence", f"{_HALF}/licence", GET=AUTHOR, POST=AUTHOR),
    Entry(f"{_DRAFT}/check", f"{_HALF}/check", GET=AUTHOR, POST=AUTHOR),
    Entry(f"{_DRAFT}/discard", f"{_HALF}/discard", POST=Call(AUTHOR, {}, works=True)),
]
