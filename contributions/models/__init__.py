from contributions.models.discussions import (
    Discussion,
    DiscussionEvent,
    DiscussionEventKind,
    DiscussionStatus,
)
from contributions.models.publications import (
    HubToken,
    Publication,
    PublicationStatus,
    PublicationStep,
    StepStatus,
)
from contributions.models.releases import Credit, Release, ReleasePatch, ReleaseStatus
from contributions.models.reviews import Decision, Key, Review
from contributions.models.runs import (
    RUN_MOVES,
    Attempt,
    FailureClass,
    Run,
    RunKind,
    RunStatus,
    Usage,
)
from contributions.models.submissions import (
    Comparison,
    Finding,
    PatchKind,
    Score,
    Severity,
    Submission,
    SubmissionStatus,
)
from contributions.models.tracks import Benchmark, Task, Track, TrackDataset, TrackStatus

__all__ = [
    "RUN_MOVES",
    "Attempt",
    "Benchmark",
    "Comparison",
    "Credit",
    "Decision",
    "Discussion",
    "DiscussionEvent",
    "DiscussionEventKind",
    "DiscussionStatus",
    "FailureClass",
    "Finding",
    "HubToken",
    "Key",
    "PatchKind",
    "Publication",
    "PublicationStatus",
    "PublicationStep",
    "Release",
    "ReleasePatch",
    "ReleaseStatus",
    "Review",
    "Run",
    "RunKind",
    "RunStatus",
    "Score",
    "Severity",
    "StepStatus",
    "Submission",
    "SubmissionStatus",
    "Task",
    "Track",
    "TrackDataset",
    "TrackStatus",
    "Usage",
]
