"""What waits for somebody: for one person, and for anybody who wants to help."""

from __future__ import annotations

from dataclasses import dataclass

from contributions.models import Key, OfferDraft, Submission, SubmissionStatus, Track, TrackStatus
from contributions.services import review_queue
from registry.models import User

SHOWN = 5
_S = SubmissionStatus
_MINE = [_S.NEEDS_INFO, _S.CHANGES_REQUESTED, _S.NEEDS_TRACK, _S.REFUSED, _S.FAILED, _S.DRAFT]


@dataclass(frozen=True)
class Mine:
    """What only this person can bring on."""

    submissions: list[Submission]
    drafts: list[OfferDraft]
    reviews: int

    def __bool__(self) -> bool:
        return bool(self.submissions or self.drafts or self.reviews)


def of(user: User) -> Mine:
    """Questions before everything else; newest first."""
    held = set(user.role_grants.values_list("role", flat=True))
    keys = [key for key in Key if key.role in held]
    waiting = user.submissions.filter(status__in=_MINE).select_related("repository__namespace")
    newest = sorted(waiting.order_by("-pk")[: 4 * SHOWN], key=lambda s: _MINE.index(_S(s.status)))
    return Mine(
        submissions=newest[:SHOWN],
        drafts=list(
            OfferDraft.objects.filter(author=user, sent_as=None).select_related(
                "repository__namespace"
            )[:SHOWN]
        ),
        reviews=review_queue.for_keys(keys, reviewer=user)[:100].count() if keys else 0,
    )


@dataclass(frozen=True)
class Help:
    """Where a hand is wanted."""

    tracks: list[Track]
    preparing: list[Track]
    reviews: list[Submission]

    def __bool__(self) -> bool:
        return bool(self.tracks or self.preparing or self.reviews)


def wanted(viewer: User | None) -> Help:
    """The quietest open tracks, tracks that do not open yet, what waits longest for a reviewer."""
    tracks = Track.objects.visible_to(viewer).listed().quietest_first()
    reviews = Submission.objects.visible_to(viewer).filter(status=_S.IN_REVIEW)
    return Help(
        tracks=list(tracks.open()[:SHOWN]),
        preparing=list(tracks.filter(status=TrackStatus.PREPARING).order_by("-pk")[:3]),
        reviews=list(
            reviews.select_related("track", "contributor", "repository__namespace").order_by("pk")[
                :SHOWN
            ]
        ),
    )
