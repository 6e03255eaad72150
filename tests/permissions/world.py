"""What a call must leave as it was: one digest over the tables that matter."""

from __future__ import annotations

import functools

import psycopg
from django.db import connection

from contributions.models import (
    CannedReply,
    Discussion,
    DiscussionEvent,
    DraftFile,
    NotificationChoice,
    OfferDraft,
    Publication,
    Release,
    Review,
    ReviewAnswer,
    ReviewItem,
    Run,
    Submission,
    Track,
)
from registry.models import (
    AccessToken,
    Event,
    Invitation,
    Maintainer,
    Membership,
    Namespace,
    Quarantine,
    Ref,
    Repository,
    RoleGrant,
    User,
)

WHOLE = (
    CannedReply,
    Discussion,
    DiscussionEvent,
    DraftFile,
    Invitation,
    Maintainer,
    Membership,
    NotificationChoice,
    OfferDraft,
    Publication,
    Quarantine,
    Ref,
    Release,
    Review,
    ReviewAnswer,
    ReviewItem,
    RoleGrant,
    Run,
    Submission,
    Track,
)
# Others note that they were used: of these, only which there are.
COUNTED = (AccessToken, Event, Namespace, User)


def state() -> tuple[object, ...]:
    connection.ensure_connection()
    # The database plans it once: it is asked after every call.
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_question(), prepare=True)
        return tuple(cursor.fetchone())


@functools.cache
def _question() -> str:
    whole = [
        f"(SELECT coalesce(sum(hashtext(t::text)), 0) FROM {model._meta.db_table} t)"
        for model in WHOLE
    ]
    counted = [f"(SELECT count(*) FROM {model._meta.db_table})" for model in COUNTED]
    repositories = (
        "(SELECT coalesce(sum(hashtext(concat_ws('/', id, namespace_id, name, private, disabled,"
        f" gated))), 0) FROM {Repository._meta.db_table})"
    )
    return f"SELECT {', '.join([*whole, *counted, repositories])}"
