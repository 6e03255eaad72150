"""`derive` alone: no database, every combination of facts has one status and a reason."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from contributions.services.derivation import Facts, RunFact, derive, missing

S = SubmissionStatus
CHECKED = RunFact(RunKind.CHECK, RunStatus.SUCCEEDED)
FINETUNED = RunFact(RunKind.FINETUNE, RunStatus.SUCCEEDED)
BOTH = {"licence": (Decision.APPROVE, ""), "privacy": (Decision.APPROVE, "")}

# A weights patch, open, on an open track, checked; nothing measured yet.
OPEN = Facts(kind=PatchKind.WEIGHTS, track=TrackStatus.OPEN, track_name="digits", check=CHECKED)
MEASURED = dataclasses.replace(OPEN, measured=True)


def fact(kind, status, failure="", reason=""):
    return RunFact(kind, status, failure, reason)


def run(kind, status, **more):
    return {"runs": (fact(kind, status, **more),)}


def check(status, **more):
    return {"check": fact(RunKind.CHECK, status, **more)}


BAD = FailureClass.BAD_INPUT
ANSWERED = {
    "decisions": {"licence": (Decision.INFO, "why?")},
    "answered": frozenset({"licence"}),
}
TABLE = [
    (OPEN, {"check": None}, S.CHECKING, "not been queued"),
    (OPEN, check(RunStatus.QUEUED), S.CHECKING, "waits for a worker"),
    (OPEN, check(RunStatus.RUNNING), S.CHECKING, "worker checks"),
    (OPEN, check(RunStatus.CANCELLING), S.CHECKING, "worker checks"),
    (OPEN, check(RunStatus.FAILED, failure=BAD, reason="no README"), S.FAILED, "no README"),
    (OPEN, check(RunStatus.CANCELLED, reason="by ada"), S.CANCELLED, "by ada"),
    (OPEN, {"blocks": ("a pickle", "b")}, S.REFUSED, "a pickle (and 1 more)"),
    (OPEN, {"kind": PatchKind.UNKNOWN}, S.REFUSED, "its own pull request"),
    (OPEN, {"discussion": DiscussionStatus.DRAFT}, S.DRAFT, "Open the pull request"),
    (OPEN, {"discussion": DiscussionStatus.DRAFT, "blocks": ("x",)}, S.REFUSED, "x"),
    (OPEN, {"discussion": DiscussionStatus.DRAFT, "evaluate": True}, S.QUEUED, "planned"),
    (OPEN, {"track": None}, S.NEEDS_TRACK, "track: <name>"),
    (OPEN, {"track": TrackStatus.PREPARING}, S.QUEUED, "until the track digits is open"),
    (OPEN, {"track": TrackStatus.CLOSED}, S.NEEDS_TRACK, "closed before"),
    (OPEN, run(RunKind.FINETUNE, RunStatus.QUEUED), S.QUEUED, "finetune"),
    (OPEN, run(RunKind.FINETUNE, RunStatus.RUNNING), S.TRAINING, "fine-tunes"),
    (OPEN, run(RunKind.BENCHMARK, RunStatus.RUNNING), S.BENCHMARKING, "measures"),
    (OPEN, run(RunKind.BENCHMARK, RunStatus.CANCELLING), S.BENCHMARKING, "measures"),
    (OPEN, {"runs": (FINETUNED,)}, S.QUEUED, "planned"),
    (OPEN, run(RunKind.FINETUNE, RunStatus.FAILED, failure=BAD, reason="r"), S.FAILED, "r"),
    (OPEN, run(RunKind.BENCHMARK, RunStatus.CANCELLED, reason="by ada"), S.CANCELLED, "by ada"),
    (MEASURED, {}, S.IN_REVIEW, "the licence key and the privacy key"),
    (MEASURED, {"track": TrackStatus.CLOSED}, S.IN_REVIEW, "the licence key"),
    (MEASURED, {"decisions": {"licence": BOTH["licence"]}}, S.IN_REVIEW, "the privacy key"),
    (MEASURED, {"decisions": BOTH}, S.APPROVED, "next release of digits"),
    (MEASURED, {"decisions": BOTH, "keys": ("licence", "technical")}, S.IN_REVIEW, "technical"),
    (MEASURED, {"decisions": {"technical": (Decision.REJECT, "no")}}, S.REJECTED, "no"),
    (OPEN, {"decisions": BOTH}, S.QUEUED, "planned"),
    (OPEN, {"decisions": BOTH, "blocks": ("x",)}, S.REFUSED, "x"),
    (OPEN, {"decisions": {"privacy": (Decision.REJECT, "names")}}, S.REJECTED, "names"),
    (OPEN, {"decisions": {"licence": (Decision.CHANGES, "c")}}, S.CHANGES_REQUESTED, "c"),
    (OPEN, {"decisions": {"licence": (Decision.INFO, "why?")}}, S.NEEDS_INFO, "why?"),
    (MEASURED, ANSWERED, S.IN_REVIEW, "the licence key and the privacy key"),
    (MEASURED, {**ANSWERED, "answered": frozenset()}, S.NEEDS_INFO, "why?"),
    (OPEN, {"discussion": DiscussionStatus.CLOSED}, S.CANCELLED, "closed"),
    (OPEN, {"discussion": DiscussionStatus.MERGED, "track": None}, S.CANCELLED, "no track"),
    (OPEN, {"withdrawn": True, "discussion": DiscussionStatus.CLOSED}, S.WITHDRAWN, "contributor"),
    (MEASURED, {"decisions": BOTH, "not_admitted": "gain unsure"}, S.NOT_ADMITTED, "gain unsure"),
    (MEASURED, {"released_in": "digits release 1"}, S.RELEASED, "digits release 1"),
    (MEASURED, {"released_in": "r", "published_at": "http://hub/x"}, S.PUBLISHED, "http://hub/x"),
    (OPEN, {"kind": PatchKind.CARD}, S.IN_REVIEW, "the licence key"),
    (OPEN, {"kind": PatchKind.CARD, "decisions": BOTH}, S.APPROVED, "next release"),
    (OPEN, {"kind": PatchKind.CARD, "decisions": BOTH, "track": None}, S.APPROVED, "turned"),
    (OPEN, {"kind": PatchKind.BASE, "discussion": None, "track": None}, S.IN_REVIEW, "licence"),
    (
        OPEN,
        {"kind": PatchKind.BASE, "discussion": None, "track": None, "decisions": BOTH},
        S.APPROVED,
        "base",
    ),
]


@pytest.mark.parametrize(("facts", "change", "status", "words"), TABLE)
def test_each_situation_has_its_status_and_says_why(facts, change, status, words):
    derived, reason = derive(dataclasses.replace(facts, **change))
    assert derived is status
    assert words in reason


run_facts = st.builds(
    RunFact,
    st.sampled_from([RunKind.FINETUNE, RunKind.BENCHMARK]),
    st.sampled_from(RunStatus),
    st.sampled_from(["", *FailureClass.values]),
    st.text(max_size=5),
)
all_facts = st.builds(
    Facts,
    kind=st.sampled_from(PatchKind),
    discussion=st.none() | st.sampled_from(DiscussionStatus),
    withdrawn=st.booleans(),
    evaluate=st.booleans(),
    track=st.none() | st.sampled_from(TrackStatus),
    check=st.none() | run_facts,
    blocks=st.lists(st.text(min_size=1, max_size=5), max_size=2).map(tuple),
    runs=st.lists(run_facts, max_size=3).map(tuple),
    measured=st.booleans(),
    keys=st.sampled_from([("licence", "privacy"), ("licence",), ()]),
    decisions=st.dictionaries(
        st.sampled_from(["licence", "privacy", "technical"]),
        st.tuples(
            st.sampled_from([d for d in Decision if d is not Decision.REVERSE]),
            st.text(max_size=5),
        ),
    ),
    answered=st.frozensets(st.sampled_from(["licence", "privacy", "technical"])),
    released_in=st.sampled_from(["", "digits release 1"]),
    not_admitted=st.sampled_from(["", "no certain gain"]),
    published_at=st.sampled_from(["", "http://hub/x"]),
)


@given(all_facts)
def test_every_combination_of_facts_has_a_status_and_a_reason(facts):
    status, reason = derive(facts)
    assert isinstance(status, SubmissionStatus)
    assert reason.strip()
    assert derive(facts) == (status, reason)


@given(all_facts)
def test_nothing_is_approved_that_lacks_a_check_a_measurement_or_a_key(facts):
    status, _ = derive(facts)
    if status is SubmissionStatus.APPROVED:
        assert missing(facts) == []


@given(all_facts)
def test_nothing_costs_machine_time_before_its_check_has_passed(facts):
    status, _ = derive(facts)
    if status in {S.QUEUED, S.TRAINING, S.BENCHMARKING}:
        assert facts.check_passed
        assert facts.is_offered
