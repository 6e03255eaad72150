"""Everything that happened to a submission, in one order, from the five places that know of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from contributions.models import (
    DiscussionEvent,
    DiscussionEventKind,
    ReleasePatch,
    Review,
    Run,
    RunStatus,
    Submission,
    SubmissionStatus,
)
from contributions.web.standing import key_name
from registry.models import Event
from registry.web.links import with_value

SHOWN = 15
# Of each source; whoever wants more finds it in the pull request and on the pages of the runs.
MOST = 200


@dataclass(frozen=True)
class Moment:
    at: datetime
    what: str
    who: str = ""
    said: str = ""
    href: str = ""


@dataclass(frozen=True)
class Timeline:
    moments: list[Moment]
    total: int
    oldest_first: bool
    switch: str
    newer: str
    older: str


def timeline(request: HttpRequest, moments: Iterable[Moment]) -> Timeline:
    """One page of it, newest first unless `?order=oldest`."""
    oldest = request.GET.get("order") == "oldest"
    listed = sorted(moments, key=lambda moment: moment.at, reverse=not oldest)
    last = max((len(listed) - 1) // SHOWN + 1, 1)
    asked = request.GET.get("moments", "")
    number = min(int(asked), last) if asked.isascii() and asked.isdigit() and asked != "0" else 1
    return Timeline(
        listed[(number - 1) * SHOWN : number * SHOWN],
        len(listed),
        oldest,
        with_value(request, "order", "" if oldest else "oldest"),
        with_value(request, "moments", str(number - 1)) if number > 1 else "",
        with_value(request, "moments", str(number + 1)) if number < last else "",
    )


def moments(
    submission: Submission,
    *,
    events: Iterable[Event],
    thread: Iterable[DiscussionEvent],
    runs: Iterable[Run],
    reviews: Iterable[Review],
    patches: Sequence[ReleasePatch],
) -> list[Moment]:
    found = [
        Moment(submission.created_at, pgettext("event", "Offered"), submission.contributor.username)
    ]
    found += [m for event in events if (m := _of_event(event))]
    found += [m for event in thread if (m := _of_thread(submission, event))]
    found += [_of_run(run) for run in runs if run.finished_at]
    for review in reviews:
        found += _of_review(review)
    found += [_of_patch(patch) for patch in patches if patch.release.released_at]
    return found


def events_of(submission: Submission) -> list[Event]:
    rows = Event.objects.filter(subject=f"submission:{submission.pk}", verb__in=_EVENTS)
    return list(rows.select_related("actor").order_by("-id")[:MOST])


_EVENTS = (
    "submission.status",
    "submission.rerun",
    "submission.track-chosen",
    "submission.evaluation-requested",
)


def _of_event(event: Event) -> Moment | None:
    who, data = event.actor.username if event.actor else "", event.data
    if event.verb == "submission.status":
        return Moment(event.created_at, status_words(data.get("to")), who, str(data.get("reason")))
    words = {
        "submission.rerun": _("Runs started again"),
        "submission.track-chosen": _("Track chosen: %s") % data.get("track", ""),
        "submission.evaluation-requested": _("Evaluation of the draft asked for"),
    }
    return Moment(event.created_at, words[event.verb], who, _open_again(data))


def _open_again(data: dict[str, Any]) -> str:
    keys = ", ".join(key_name(key) for key in data.get("open_again", ()))
    return _("Turned for another track, and open again: %s") % keys if keys else ""


def status_words(status: Any) -> str:
    label = SubmissionStatus(status).label if status in SubmissionStatus.values else str(status)
    return _("Now %s") % label


def _of_thread(submission: Submission, event: DiscussionEvent) -> Moment | None:
    data, who = event.data, event.author.username
    repository = submission.repository.get_absolute_url()
    if event.kind == DiscussionEventKind.COMMIT:
        said = str(data.get("subject") or event.text)
        href = f"{repository}/commit/{data.get('oid')}"
        return Moment(event.created_at, _("Commit"), who, said, href)
    if event.kind == DiscussionEventKind.COMMENT:
        if not event.text or event.hidden:
            return None
        return Moment(event.created_at, _("Comment"), who, event.text[:160], "#talk")
    if event.kind == DiscussionEventKind.TITLE:
        return Moment(event.created_at, _("Renamed"), who, str(data.get("to", "")))
    return Moment(event.created_at, _("Pull request is now %s") % data.get("status", ""), who)


def _of_run(run: Run) -> Moment:
    words = {
        RunStatus.SUCCEEDED: _("%s finished"),
        RunStatus.FAILED: _("%s failed"),
        RunStatus.CANCELLED: _("%s cancelled"),
    }
    ended = words.get(RunStatus(run.status), "%s")
    assert run.finished_at is not None
    said = "" if run.status == RunStatus.SUCCEEDED else run.reason
    return Moment(run.finished_at, ended % run.get_kind_display(), "", said, f"/runs/{run.pk}")


def _of_review(review: Review) -> list[Moment]:
    what = f"{key_name(review.key)}: {review.get_decision_display()}"
    said = review.text or review.reason_code
    found = [Moment(review.created_at, what, review.reviewer.username, said)]
    answer = getattr(review, "answer", None)
    if answer is not None:
        found.append(Moment(answer.created_at, _("Answer"), answer.author.username, answer.text))
    return found


def _of_patch(patch: ReleasePatch) -> Moment:
    release = patch.release
    assert release.released_at is not None
    name = f"{release.track.name} {release.number}"
    what = _("Merged by release %s") if patch.admitted else _("Not admitted by release %s")
    return Moment(release.released_at, what % name, "", patch.reason, release.get_absolute_url())
