"""From facts to the status of a submission: one pure function, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contributions.models import (
    Decision,
    DiscussionStatus,
    FailureClass,
    PatchKind,
    RunKind,
    RunStatus,
    SubmissionStatus,
    TrackStatus,
)

Derived = tuple[SubmissionStatus, str]


@dataclass(frozen=True)
class RunFact:
    """The newest run of one kind and input on the current head."""

    kind: RunKind
    status: RunStatus
    failure: str = ""
    reason: str = ""

    @property
    def why(self) -> str:
        label = FailureClass(self.failure).english if self.failure else ""
        return ": ".join(part for part in (label, self.reason) if part) or "no reason was recorded"


@dataclass(frozen=True)
class Facts:
    """All that decides a status, about the current head only."""

    kind: PatchKind = PatchKind.UNKNOWN
    # None: a first revision, which has no pull request.
    discussion: DiscussionStatus | None = DiscussionStatus.OPEN
    withdrawn: bool = False
    evaluate: bool = False
    track: TrackStatus | None = None
    track_name: str = ""
    check: RunFact | None = None
    blocks: tuple[str, ...] = ()
    runs: tuple[RunFact, ...] = ()
    measured: bool = False
    keys: tuple[str, ...] = ("licence", "privacy")
    # Standing decision per key, with what the reviewer said.
    decisions: Mapping[str, tuple[Decision, str]] = field(default_factory=dict)
    # Keys whose question was answered: it no longer holds the submission, but turns nothing.
    answered: frozenset[str] = frozenset()
    released_in: str = ""
    not_admitted: str = ""
    published_at: str = ""

    @property
    def is_offered(self) -> bool:
        """May cost machine time and reviewers' time: open, or asked for in a draft."""
        return self.discussion is not DiscussionStatus.DRAFT or self.evaluate

    @property
    def check_passed(self) -> bool:
        done = self.check is not None and self.check.status is RunStatus.SUCCEEDED
        return done and not self.blocks

    @property
    def missing_keys(self) -> tuple[str, ...]:
        approved = {key for key, (what, _) in self.decisions.items() if what is Decision.APPROVE}
        return tuple(key for key in self.keys if key not in approved)


def derive(facts: Facts) -> Derived:
    """Total and pure: every combination of facts has exactly one status, with a reason."""
    for stage in (_after_release, _ended, _refused_by_people, _checked, _asked_by_people, _offered):
        if found := stage(facts):
            return found
    if facts.kind.is_measured and (found := _measured(facts)):
        return found
    return _reviewed(facts)


def _after_release(facts: Facts) -> Derived | None:
    if facts.published_at:
        release = facts.released_in or "a release"
        return SubmissionStatus.PUBLISHED, f"Published with {release} at {facts.published_at}."
    if facts.released_in:
        return SubmissionStatus.RELEASED, f"Merged by {facts.released_in}."
    return None


def _ended(facts: Facts) -> Derived | None:
    if facts.withdrawn:
        return SubmissionStatus.WITHDRAWN, "Withdrawn by its contributor."
    if facts.discussion is DiscussionStatus.CLOSED:
        return SubmissionStatus.CANCELLED, "The pull request is closed; reopen it to go on."
    if facts.discussion is DiscussionStatus.MERGED and facts.track is None:
        return SubmissionStatus.CANCELLED, "Merged without evaluation: no track was chosen."
    return None


def _refused_by_people(facts: Facts) -> Derived | None:
    return _decided(facts, Decision.REJECT, SubmissionStatus.REJECTED, "rejected it")


def _asked_by_people(facts: Facts) -> Derived | None:
    changes = _decided(
        facts, Decision.CHANGES, SubmissionStatus.CHANGES_REQUESTED, "asks for changes"
    )
    return changes or _decided(facts, Decision.INFO, SubmissionStatus.NEEDS_INFO, "asks")


def _decided(
    facts: Facts, wanted: Decision, status: SubmissionStatus, words: str
) -> Derived | None:
    for key in sorted(facts.decisions):
        decision, said = facts.decisions[key]
        if decision is Decision.INFO and key in facts.answered:
            continue
        if decision is wanted:
            return status, f"The {key} reviewer {words}" + (f": {said}" if said else ".")
    return None


def _checked(facts: Facts) -> Derived | None:
    """None when the check of the head passed."""
    check = facts.check
    if check is None:
        return SubmissionStatus.CHECKING, "The check of this revision has not been queued yet."
    if check.status is RunStatus.QUEUED:
        return SubmissionStatus.CHECKING, "The check waits for a worker."
    if check.status in {RunStatus.RUNNING, RunStatus.CANCELLING}:
        return SubmissionStatus.CHECKING, "A worker checks the files."
    if check.status is RunStatus.FAILED:
        return SubmissionStatus.FAILED, f"The check failed: {check.why}"
    if check.status is RunStatus.CANCELLED:
        return SubmissionStatus.CANCELLED, f"The check was cancelled: {check.why}"
    if facts.blocks:
        more = f" (and {len(facts.blocks) - 1} more)" if len(facts.blocks) > 1 else ""
        return SubmissionStatus.REFUSED, f"{facts.blocks[0]}{more}"
    if facts.kind is PatchKind.UNKNOWN:
        return SubmissionStatus.REFUSED, (
            "This changes nothing that can be measured, or several kinds of things at once. "
            "Change weights, one adapter, the recipe or data, each in its own pull request."
        )
    return None


def _offered(facts: Facts) -> Derived | None:
    if facts.is_offered:
        return None
    return SubmissionStatus.DRAFT, "Checked. Open the pull request to have it evaluated."


def _measured(facts: Facts) -> Derived | None:
    """None when the head has been measured and no machine is at work."""
    if facts.track is None:
        return SubmissionStatus.NEEDS_TRACK, (
            "Choose a track on this page, or write “track: <name>” into the card (README.md)."
        )
    for found in (_running(facts.runs), _queued(facts.runs)):
        if found:
            return found
    if facts.measured:
        return None
    if failed := _failed(facts.runs):
        return failed
    if facts.track is TrackStatus.PREPARING:
        return SubmissionStatus.QUEUED, f"Waits until the track {facts.track_name} is open."
    if facts.track is TrackStatus.CLOSED:
        return SubmissionStatus.NEEDS_TRACK, (
            f"The track {facts.track_name} closed before this was measured. Choose another."
        )
    return SubmissionStatus.QUEUED, "Its next run is being planned."


def _running(runs: Iterable[RunFact]) -> Derived | None:
    at_work = {run.kind for run in runs if run.status in {RunStatus.RUNNING, RunStatus.CANCELLING}}
    if RunKind.FINETUNE in at_work:
        return SubmissionStatus.TRAINING, "A worker fine-tunes it."
    if at_work:
        return SubmissionStatus.BENCHMARKING, "A worker measures it on the benchmark."
    return None


def _queued(runs: Iterable[RunFact]) -> Derived | None:
    for run in runs:
        if run.status is RunStatus.QUEUED:
            return SubmissionStatus.QUEUED, f"A {run.kind.value} run waits for a worker."
    return None


def _failed(runs: Iterable[RunFact]) -> Derived | None:
    for run in runs:
        if run.status is RunStatus.FAILED:
            return SubmissionStatus.FAILED, f"The {run.kind.value} run failed: {run.why}"
        if run.status is RunStatus.CANCELLED:
            return SubmissionStatus.CANCELLED, f"The {run.kind.value} run was cancelled: {run.why}"
    return None


def _reviewed(facts: Facts) -> Derived:
    if facts.not_admitted:
        return SubmissionStatus.NOT_ADMITTED, facts.not_admitted
    if missing := facts.missing_keys:
        return SubmissionStatus.IN_REVIEW, f"Waits for {listed(_keys(missing))}."
    if facts.kind is PatchKind.BASE:
        return SubmissionStatus.APPROVED, "A track may take it as its base."
    if facts.track is None:
        return SubmissionStatus.APPROVED, "Every key is turned."
    return SubmissionStatus.APPROVED, f"Waits for the next release of {facts.track_name}."


def missing(facts: Facts) -> list[str]:
    """What still stands between a submission and its approval, in words."""
    found = []
    if not facts.check_passed:
        found.append("a passed check")
    if facts.kind.is_measured and not facts.measured:
        found.append("a benchmark run")
    return found + _keys(facts.missing_keys)


def _keys(keys: Iterable[str]) -> list[str]:
    return [f"the {key} key" for key in keys]


def listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
