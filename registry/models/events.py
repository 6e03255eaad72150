"""The audit trail, and the way news travels to the packages above."""

from __future__ import annotations

import pgtrigger
from django.db import connection, models

from registry.models.accounts import User
from registry.models.repositories import Repository


class EventQuerySet(models.QuerySet["Event"]):
    def verbs(self) -> list[str]:
        """Every verb that occurs, by skipping through the index: one look-up for each verb."""
        with connection.cursor() as cursor:
            cursor.execute(_VERBS)
            return [row[0] for row in cursor.fetchall()]


_VERBS = """
WITH RECURSIVE found AS (
    (SELECT verb FROM registry_event ORDER BY verb LIMIT 1)
    UNION ALL
    SELECT (SELECT e.verb FROM registry_event e WHERE e.verb > found.verb ORDER BY e.verb LIMIT 1)
    FROM found WHERE found.verb IS NOT NULL
)
SELECT verb FROM found WHERE verb IS NOT NULL
"""


class Event(models.Model):
    """Something that happened. Append-only: the database refuses UPDATE and DELETE.

    `subject` names what it happened to, as `kind:id` ("submission:17"), so that rows stay
    readable after the subject is gone. `data` never holds a secret.
    """

    verb = models.CharField(max_length=64, help_text="What happened: repository.created")
    actor = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # No foreign key constraint: deleting a repository must not rewrite the trail.
    repository = models.ForeignKey(
        Repository,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="events",
    )
    subject = models.CharField(max_length=100, blank=True, db_index=True)
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        # Each for one way to look into a trail of millions of lines, newest first.
        indexes = [
            models.Index(fields=["repository", "-id"]),
            models.Index(fields=["verb", "-id"], name="event_verb"),
            models.Index(fields=["actor", "-id"], name="event_actor"),
            models.Index(fields=["created_at"], name="event_created"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"
