"""The dashboard. Reviewers may see what waits for their key in private repositories too."""

from __future__ import annotations

from tests.permissions.callers import (
    LICENCE,
    MAINTAINER,
    NOBODY,
    OPERATOR,
    PRIVACY,
    REVIEW_DESK,
    SIGNED_IN,
    STAFF,
)
from tests.permissions.entries import Call, Entry, Group

_REVIEW, _AT = "admin/reviews/<int:pk>/", "/admin/reviews/{submission}/"
# The item waits for the licence key.
_ONE = LICENCE | OPERATOR
_APPROVE = {"key": "licence", "decision": "approve", "head": "{head}"}


def _form(call: Group | Call) -> Group:
    """Whoever may act may see the form that asks for it."""
    return call.who if isinstance(call, Call) else call


def _desk(
    model: str,
    row: str,
    who: Group,
    *,
    act: str = "none",
    call: Group | Call = NOBODY,
    on_list: str = "none",
    list_call: Group | Call = NOBODY,
    row_who: Group | None = None,
    row_private: Group | None = None,
) -> list[Entry]:
    """A list, an act on it, a row, and an act on the row. Without such an act: nobody's."""
    base, at = f"admin/{model}/", f"/admin/{model}/"
    return [
        Entry(base, at, GET=who),
        Entry(f"{base}do/<slug:act>/", f"{at}do/{on_list}/", GET=_form(list_call), POST=list_call),
        Entry(
            f"{base}<str:object_id>/", f"{at}{row}/", GET=Call(row_who or who, private=row_private)
        ),
        Entry(
            f"{base}<str:object_id>/<slug:act>/", f"{at}{row}/{act}/", GET=_form(call), POST=call
        ),
    ]


ENTRIES = [
    # Django answers a POST there as a GET.
    Entry("admin/", "/admin/", GET=STAFF, POST=STAFF),
    Entry("admin/login/", "/admin/login/", GET=SIGNED_IN),
    Entry("admin/logout/", "/admin/logout/", POST=STAFF),
    Entry("admin/(?P<url>.*)$", "/admin/nothing/", GET=NOBODY),
    Entry("admin/operation/", "/admin/operation/", GET=OPERATOR),
    # --- reviews ---
    Entry(_REVIEW, _AT, GET=Call(REVIEW_DESK, private=REVIEW_DESK)),
    Entry(
        f"{_REVIEW}decide/",
        f"{_AT}decide/",
        POST=Call(LICENCE, _APPROVE, works=True, private=LICENCE),
    ),
    Entry(
        f"{_REVIEW}claim/",
        f"{_AT}claim/",
        POST=Call(LICENCE, {"key": "licence"}, works=True, private=LICENCE),
    ),
    Entry(
        f"{_REVIEW}give-back/",
        f"{_AT}give-back/",
        POST=Call(REVIEW_DESK, {"key": "licence"}, private=REVIEW_DESK),
    ),
    Entry(
        "admin/reviews/next/",
        "/admin/reviews/next/",
        POST=Call(LICENCE, {"key": "licence"}, works=True),
    ),
    *_desk("contributions/reviewitem", "{item}", REVIEW_DESK, row_who=_ONE, row_private=_ONE),
    *_desk("contributions/review", "{review}", REVIEW_DESK, row_private=PRIVACY | OPERATOR),
    *_desk(
        "contributions/cannedreply",
        "{reply}",
        REVIEW_DESK,
        act="delete",
        call=Call(REVIEW_DESK, {}, works=True),
        on_list="write",
        list_call=REVIEW_DESK,
    ),
    # --- what maintainers keep ---
    *_desk(
        "contributions/track",
        "{track_pk}",
        MAINTAINER,
        act="close",
        call=Call(MAINTAINER, {"reason": "It is done."}),
    ),
    *_desk("contributions/benchmark", "{benchmark}", MAINTAINER),
    *_desk("contributions/publication", "{publication}", MAINTAINER, act="again", call=MAINTAINER),
    # --- what operators look after ---
    *_desk("contributions/usage", "{usage}", OPERATOR),
    *_desk("registry/event", "{any_event}", OPERATOR),
    *_desk("registry/organisation", "{organisation_pk}", OPERATOR),
    *_desk(
        "registry/user",
        "{user}",
        OPERATOR,
        act="grant",
        call=Call(OPERATOR, {"role": "licence-reviewer"}, works=True),
    ),
    *_desk(
        "registry/repository",
        "{repository}",
        OPERATOR,
        act="quarantine",
        call=Call(OPERATOR, {"reason": "A test."}, works=True),
    ),
    *_desk(
        "registry/quarantine",
        "{quarantine}",
        OPERATOR,
        act="lift",
        call=Call(OPERATOR, {"reason": "A test."}, works=True),
    ),
]
