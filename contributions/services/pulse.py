"""One look at whether anything about a submission has moved, for pages that many people watch.

Written as SQL, because building this query would cost more than answering it.
"""

from __future__ import annotations

from django.db import connection

RUNS = 24
_SQL = """
SELECT
  (SELECT string_agg(concat_ws(' ', r.id, r.status, r.attempt, r.heartbeat_at, r.finished_at), ';')
     FROM (SELECT id, status, attempt, heartbeat_at, finished_at FROM contributions_run
            WHERE submission_id = %(pk)s ORDER BY id DESC LIMIT %(runs)s) r),
  (SELECT max(id) FROM contributions_review WHERE submission_id = %(pk)s),
  (SELECT max(a.id) FROM contributions_reviewanswer a
     JOIN contributions_review v ON v.id = a.review_id WHERE v.submission_id = %(pk)s),
  (SELECT max(l.released_at)::text FROM contributions_releasepatch p
     JOIN contributions_release l ON l.id = p.release_id WHERE p.submission_id = %(pk)s)
"""


def of_submission(pk: int) -> tuple[object, ...]:
    """Differs after every heartbeat, run, review, answer and release; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"pk": pk, "runs": RUNS})
        row = cursor.fetchone()
    return tuple(row or ())
