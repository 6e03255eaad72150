"""What the page of one submission shows. The number of queries does not depend on the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    F,
    QuerySet,
    Subquery,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Length, Right
from django.http import HttpRequest

from contributions.models import (
    Comparison,
    DiscussionEvent,
    ReleasePatch,
    Review,
    Run,
    RunKind,
    RunStatus,
    Submission,
    SubmissionStatus,
)
from contributions.services import access, actions, findings, pulse, status
from contributions.web import excerpts, polling, timeline
from contributions.web.forms import TrackForm
from contributions.web.logs import SHOWN
from contributions.web.queueing import waiting
from contributions.web.scores import SplitScores, by_split
from contributions.web.standing import standing, steps
from contributions.web.submission_forms import TitleForm
from registry.models import Revision
from registry.services.access import Need, authorise
from registry.services.errors import ServiceError
from registry.web.pages import caller, person

RUNS_SHOWN = 24
FINDINGS_SHOWN = 100


def version(request: HttpRequest, submission: Submission) -> str:
    """Changes whenever the live part would: one small query instead of a dozen."""
    user = person(request)
    told = (submission.status, submission.status_since, submission.status_reason, submission.title)
    moved = pulse.of_submission(submission.pk)
    return polling.etag(
        submission.pk, user and user.pk, request.LANGUAGE_CODE, told, submission.track_id, moved
    )


def details(request: HttpRequest, submission: Submission) -> dict[str, Any]:
    """The live part: what is happening, buttons, findings, scores, runs, timeline."""
    if submission.discussion is not None:
        submission.discussion.repository = submission.repository
    given = list(_reviews(submission))
    stands = status.stands(submission, given)
    access.shown(person(request), [submission])
    seen = submission.runs.on_tracks_visible_to(person(request))
    runs = list(shown_runs(seen)[:RUNS_SHOWN])
    current = [run for run in runs if run.head_revision == submission.head_revision]
    at_work = [run for run in current if run.status == RunStatus.RUNNING]
    keys, question = _keys(submission, stands), status.question(stands.values())
    scores = _scores(submission) if _measured(runs, current) else []
    patches = list(_patches(submission)) if scores else []
    return {
        "submission": submission,
        "moving": SubmissionStatus(submission.status).is_moving,
        "standing": standing(submission),
        "waiting": waiting(current),
        "steps": steps(
            submission, current, [(k.key, k.review) for k in keys], measured=bool(scores)
        ),
        "runs": current,
        "opened": next(iter(at_work or current), None),
        "earlier_runs": [run for run in runs if run.head_revision != submission.head_revision],
        "reference": _reference(current),
        **_findings(request, submission),
        "scores": scores,
        "reviews": given,
        "keys": keys,
        "question": question,
        **_credit(submission, patches),
        "query": request.GET.urlencode(),
        **_talk(request, submission, runs, given, patches),
        **_may(request, submission, current, question),
    }


def _may(
    request: HttpRequest, submission: Submission, runs: Sequence[Run], question: Review | None
) -> dict[str, Any]:
    """What may be done, with the forms for it; the track is asked for where one is needed."""
    may = actions.allowed(person(request), submission, runs, question)
    wanted = may.track and submission.status == SubmissionStatus.NEEDS_TRACK
    return {
        "may": may,
        "track_form": TrackForm(submission) if wanted else None,
        "title_form": TitleForm(initial={"title": submission.title}) if may.rename else None,
    }


def shown_runs(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Newest first, with the end of the log only; a run's own page has the rest."""
    return (
        runs.annotate(
            tail=Right("log", SHOWN),
            log_length=Length("log"),
            role=KeyTextTransform("role", "plan"),
        )
        .defer("log", "plan", "spec", "result")
        .select_related("contributor", "track")
        .order_by("-id")
    )


def _reference(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The curve of the recipe as it was, to compare a candidate's training with."""
    trained = (run for run in runs if run.kind == RunKind.FINETUNE and run.curve)
    found = next((run for run in trained if getattr(run, "role", "") == "reference"), None)
    return found.curve if found else []


def _findings(request: HttpRequest, submission: Submission) -> dict[str, Any]:
    head = submission.head_revision
    tree = Revision.objects.filter(repository=submission.repository_id, oid=head).values("tree")[:1]
    rows = findings.of_head(submission).annotate(tree=Subquery(tree))
    found = list(rows[: FINDINGS_SHOWN + 1])
    readable = bool(found) and _may_read_files(request, submission)
    root = getattr(found[0], "tree", None) if readable else None
    return {
        "findings": excerpts.by_file(submission, found[:FINDINGS_SHOWN], tree=root),
        "more_findings": len(found) > FINDINGS_SHOWN,
    }


def _may_read_files(request: HttpRequest, submission: Submission) -> bool:
    try:
        authorise(caller(request), submission.repository, need=Need.CONTENT)
    except ServiceError:
        return False
    return True


def _measured(runs: Sequence[Run], current: Sequence[Run]) -> bool:
    """Without a benchmark that ended there is nothing to look for; of many runs some are cut."""
    ended = (r for r in current if r.kind == RunKind.BENCHMARK and r.status == RunStatus.SUCCEEDED)
    return len(runs) == RUNS_SHOWN or any(ended)


def _scores(submission: Submission) -> list[SplitScores]:
    comparisons = Comparison.objects.filter(
        submission=submission,
        run__head_revision=submission.head_revision,
        run__track=submission.track,
    ).select_related("candidate", "reference")
    primary = submission.track.metric if submission.track else ""
    return by_split(comparisons, primary=primary)


def _reviews(submission: Submission) -> QuerySet[Review]:
    return submission.reviews.select_related("reviewer", "answer__author").order_by("id")


def _patches(submission: Submission) -> QuerySet[ReleasePatch]:
    release = "release__"
    return (
        submission.release_patches.select_related("release__track")
        .defer(f"{release}evidence", f"{release}track__policy", f"{release}track__description")
        .order_by("-release_id")
    )


def _credit(submission: Submission, patches: Sequence[ReleasePatch]) -> dict[str, Any]:
    merged = any(patch.admitted for patch in patches)
    lines = submission.credits.order_by("-release_id") if merged else []
    by_release = {line.release_id: line for line in lines}
    return {"pool": [(patch, by_release.get(patch.release_id)) for patch in patches]}


@dataclass(frozen=True)
class KeyState:
    """A key that is asked for, with the decision that stands on the head."""

    key: str
    review: Review | None

    @property
    def is_asked(self) -> bool:
        """An open question or request for changes; one that has an answer is open no more."""
        return self.review is not None and status.question([self.review]) is not None


def _keys(submission: Submission, stands: Mapping[str, Review]) -> list[KeyState]:
    wanted = dict.fromkeys([*status.required_keys(submission), *stands])
    return [KeyState(key, stands.get(key)) for key in wanted]


def _talk(
    request: HttpRequest,
    submission: Submission,
    runs: Sequence[Run],
    given: Sequence[Review],
    patches: Sequence[ReleasePatch],
) -> dict[str, Any]:
    moments = timeline.moments(
        submission,
        events=timeline.events_of(submission),
        thread=thread(submission),
        runs=runs,
        reviews=given,
        patches=patches,
    )
    return {"timeline": timeline.timeline(request, moments)}


def thread(submission: Submission) -> list[DiscussionEvent]:
    """The newest entries of its pull request, newest first; kept, as two parts show them."""
    kept: list[DiscussionEvent] | None = getattr(submission, "newest_events", None)
    if kept is not None:
        return kept
    found: list[DiscussionEvent] = []
    if submission.discussion is not None:
        events = submission.discussion.events.select_related("author").order_by(F("pk").desc())
        found = list(events[: timeline.MOST])
    submission.newest_events = found  # type: ignore[attr-defined]
    return found
