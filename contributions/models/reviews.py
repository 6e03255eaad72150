"""Reviews: the keys that people turn."""

from __future__ import annotations

import datetime as dt

import pgtrigger
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contributions.models.submissions import Submission
from contributions.models.tracks import Track
from registry.models import Role, User
from registry.models.choices import Choices


class Key(Choices):
    LICENCE = "licence", _("Licence")
    PRIVACY = "privacy", _("Privacy")
    TECHNICAL = "technical", _("Technical")

    @property
    def role(self) -> Role:
        return Role(f"{self.value}-reviewer")


class Decision(Choices):
    APPROVE = "approve", _("approved")
    REJECT = "reject", _("rejected")
    CHANGES = "changes", _("changes requested")
    INFO = "info", _("asked for information")
    # Takes an earlier decision of the same key back; only until publication.
    REVERSE = "reverse", _("reversed")


class ReasonCode(Choices):
    """Why a key was decided so: what can be counted. The text says it to the contributor."""

    LICENCE_MISSING = "licence-missing", _("licence or its text is missing")
    LICENCE_INCOMPATIBLE = "licence-incompatible", _("licences do not fit together")
    PROVENANCE_UNCLEAR = "provenance-unclear", _("origin of data or weights is unclear")
    PERSONAL_DATA = "personal-data", _("holds personal data")
    SENSITIVE_DATA = "sensitive-data", _("holds sensitive data")
    CONSENT_UNCLEAR = "consent-unclear", _("consent of the people in it is unclear")
    UNSAFE_FILE = "unsafe-file", _("holds a file that is not safe to load")
    BENCHMARK_LEAK = "benchmark-leak", _("holds data that it is measured on")
    QUALITY = "quality", _("does not do what it says")
    DUPLICATE = "duplicate", _("was offered before")
    MISTAKE = "mistake", _("the earlier decision was a mistake")
    OTHER = "other", _("other, see the text")

    @property
    def keys(self) -> frozenset[Key]:
        return _KEYS_OF_REASONS.get(self, frozenset(Key))

    @property
    def decisions(self) -> frozenset[Decision]:
        if self is ReasonCode.MISTAKE:
            return frozenset({Decision.REVERSE})
        return frozenset(Decision)

    def fits(self, key: Key, decision: Decision) -> bool:
        return key in self.keys and decision in self.decisions


_KEYS_OF_REASONS: dict[ReasonCode, frozenset[Key]] = {
    ReasonCode.LICENCE_MISSING: frozenset({Key.LICENCE}),
    ReasonCode.LICENCE_INCOMPATIBLE: frozenset({Key.LICENCE}),
    ReasonCode.PROVENANCE_UNCLEAR: frozenset({Key.LICENCE, Key.PRIVACY}),
    ReasonCode.PERSONAL_DATA: frozenset({Key.PRIVACY}),
    ReasonCode.SENSITIVE_DATA: frozenset({Key.PRIVACY}),
    ReasonCode.CONSENT_UNCLEAR: frozenset({Key.PRIVACY}),
}


class Review(models.Model):
    """One decision of one key on one revision. Append-only; the latest per key counts."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="reviews")
    key = models.CharField(max_length=12, choices=Key.choices)
    decision = models.CharField(max_length=8, choices=Decision.choices)
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reviews")
    revision = models.CharField(max_length=40, help_text="The head that was looked at.")
    # The one it was offered to then: interests, licences and keys are those of a track.
    track = models.ForeignKey(
        Track, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason_code = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True)
    # By when a question or a request for changes wants an answer.
    answer_due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.decision} by {self.reviewer}"

    @property
    def said(self) -> str:
        """Reason and text in one line, as the status of the submission quotes them."""
        known = self.reason_code in ReasonCode.values
        return self._line(ReasonCode(self.reason_code).english if known else self.reason_code)

    @property
    def told(self) -> str:
        """The same, with the reason in the reader's language."""
        known = self.reason_code in ReasonCode.values
        return self._line(str(ReasonCode(self.reason_code).label) if known else self.reason_code)

    def _line(self, reason: str) -> str:
        return " – ".join(part for part in (reason, self.text) if part)

    @property
    def is_overdue(self) -> bool:
        """An answer that is late is still welcome."""
        return self.answer_due_at is not None and self.answer_due_at < timezone.now()


class ReviewAnswer(models.Model):
    """What the contributor answered to a question. The reviewer is asked to decide again."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="answer")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"answer to {self.review}"


class ReviewItemQuerySet(models.QuerySet["ReviewItem"]):
    def waiting(self) -> ReviewItemQuerySet:
        return self.filter(closed_at=None)

    def claimed(self) -> ReviewItemQuerySet:
        return self.waiting().filter(claimed_until__gt=Now())


class ReviewItem(models.Model):
    """One key that a submission waits for: a line of the reviewers' queue.

    A projection like the status of the submission, written together with it.
    """

    CLAIM = dt.timedelta(hours=2)

    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="review_items"
    )
    key = models.CharField(max_length=12, choices=Key.choices)
    opened_at = models.DateTimeField(help_text="Since when this key is waited for.")
    due_at = models.DateTimeField()
    risk = models.PositiveSmallIntegerField(default=0, help_text="0 low to 3 high.")
    risk_reasons = models.JSONField(default=list, blank=True)
    claimed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="claimed_reviews"
    )
    claimed_until = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "key"], name="review_item_once")
        ]
        indexes = [
            models.Index(
                fields=["key", "due_at"], condition=models.Q(closed_at=None), name="review_queue"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} key of {self.submission}"

    @property
    def is_claimed(self) -> bool:
        return self.claimed_until is not None and self.claimed_until > timezone.now()

    @property
    def is_overdue(self) -> bool:
        return self.closed_at is None and self.due_at < timezone.now()


class CannedReply(models.Model):
    """Words that reviewers use again and again; they may be changed before they are sent."""

    key = models.CharField(max_length=12, choices=Key.choices, blank=True, help_text="Empty: any.")
    decision = models.CharField(max_length=8, choices=Decision.choices)
    reason_code = models.CharField(max_length=64, blank=True)
    title = models.CharField(max_length=100, unique=True)
    text = models.TextField()
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "canned replies"
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title
