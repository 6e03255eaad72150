"""Runs and attempts. The row is the truth; a Celery message is only a hint."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contributions.models.submissions import Submission
from contributions.models.tracks import Track
from registry.models import Repository, User
from registry.models.choices import Choices

# Served beside the general queue: a worker here takes only its checks, so that nobody waits for
# somebody else's training to learn that a licence is missing.
CHECK_LANE = "check"


class RunKind(Choices):
    CHECK = "check", _("Check")
    FINETUNE = "finetune", _("Finetune")
    BENCHMARK = "benchmark", _("Benchmark")
    MERGE = "merge", _("Merge")
    ATTRIBUTE = "attribute", _("Attribute")
    PUBLISH = "publish", _("Publish")

    @property
    def queue(self) -> str:
        """Publishing has its own worker: it alone holds Hub tokens."""
        return "publish" if self is RunKind.PUBLISH else "general"

    @property
    def served_by(self) -> tuple[str, ...]:
        """Queues whose workers are told of such a run."""
        return (CHECK_LANE, self.queue) if self is RunKind.CHECK else (self.queue,)

    @property
    def wall_seconds(self) -> int:
        return {RunKind.CHECK: 120, RunKind.PUBLISH: 3600}.get(self, 1800)


class RunStatus(Choices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    CANCELLING = "cancelling", _("Cancelling")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")

    @property
    def is_over(self) -> bool:
        return self in {RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED}


# Target status → statuses it may be reached from. Anything else is refused loudly.
RUN_MOVES: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.RUNNING: frozenset({RunStatus.QUEUED}),
    RunStatus.QUEUED: frozenset({RunStatus.RUNNING}),
    RunStatus.CANCELLING: frozenset({RunStatus.RUNNING}),
    RunStatus.SUCCEEDED: frozenset({RunStatus.RUNNING}),
    RunStatus.FAILED: frozenset({RunStatus.RUNNING, RunStatus.QUEUED}),
    RunStatus.CANCELLED: frozenset({RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.CANCELLING}),
}


class FailureClass(Choices):
    TIME_OUT = "time-out", _("took too long")
    OUT_OF_MEMORY = "out-of-memory", _("ran out of memory")
    BAD_INPUT = "bad-input", _("could not use the input")
    SCORING_ERROR = "scoring-error", _("could not be scored")
    EXCEPTION = "exception", _("the program ended without a result")
    PLATFORM_ERROR = "platform-error", _("a fault of the platform")


class RunQuerySet(models.QuerySet["Run"]):
    def on_tracks_visible_to(self, user: User | None) -> RunQuerySet:
        """Of a submission that may be seen, without those on the track of a closed model."""
        seen = models.Q(track__repository__in=Repository.objects.open_to(user).values("pk"))
        return self.filter(models.Q(track=None) | seen)

    def eligible(self, queue: str) -> RunQuerySet:
        """Waiting for the workers of `queue`, due by the database's clock."""
        due = self.filter(status=RunStatus.QUEUED, eligible_at__lte=Now())
        if queue == CHECK_LANE:
            return due.filter(queue=RunKind.CHECK.queue, kind=RunKind.CHECK)
        return due.filter(queue=queue)

    def active(self) -> RunQuerySet:
        return self.filter(status__in=[RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.CANCELLING])

    def expired(self) -> RunQuerySet:
        return self.filter(
            status__in=[RunStatus.RUNNING, RunStatus.CANCELLING], lease_expires_at__lt=Now()
        )


class Run(models.Model):
    """One job of one kind.

    `attempt` is the fence: heartbeat, finish and fail are conditional on it, so a late worker is
    refused. `spec` is what the program gets; `plan` is what the platform needs to prepare it and
    to use its result.
    """

    MAX_ATTEMPTS = 3
    LEASE = dt.timedelta(seconds=30)

    kind = models.CharField(max_length=12, choices=RunKind.choices)
    queue = models.CharField(max_length=16, default="general")
    status = models.CharField(max_length=12, choices=RunStatus.choices, default=RunStatus.QUEUED)
    submission = models.ForeignKey(
        Submission, null=True, blank=True, on_delete=models.PROTECT, related_name="runs"
    )
    track = models.ForeignKey(
        Track, null=True, blank=True, on_delete=models.PROTECT, related_name="runs"
    )
    release = models.ForeignKey(
        "Release", null=True, blank=True, on_delete=models.PROTECT, related_name="runs"
    )
    publication = models.ForeignKey(
        "Publication", null=True, blank=True, on_delete=models.PROTECT, related_name="runs"
    )
    # Whom the device time is counted for.
    contributor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="runs")
    head_revision = models.CharField(max_length=40, blank=True)
    plan = models.JSONField(default=dict)
    spec = models.JSONField(default=dict)
    # Digest of everything that decides the result; empty: never reused.
    input_digest = models.CharField(max_length=64, blank=True, db_index=True)
    priority = models.SmallIntegerField(default=0, help_text="Higher is sooner.")
    eligible_at = models.DateTimeField(default=timezone.now)
    attempt = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=128, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    failure_class = models.CharField(max_length=16, choices=FailureClass.choices, blank=True)
    reason = models.TextField(blank=True, help_text="Why it failed, was cancelled or superseded.")
    progress = models.JSONField(default=dict, blank=True)
    curve = models.JSONField(default=list, blank=True, help_text="Points for the page's chart.")
    log = models.TextField(blank=True, help_text="Tail of the log, bounded.")
    log_start = models.PositiveIntegerField(default=0, help_text="Characters before the tail.")
    result = models.JSONField(default=dict, blank=True)
    sandbox = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["queue", "contributor", "-priority", "id"],
                condition=models.Q(status="queued"),
                name="run_queue",
            ),
            # Whether something was measured on a track since the leaderboard was ranked.
            models.Index(fields=["track", "kind", "finished_at"], name="run_measured"),
            models.Index(
                fields=["lease_expires_at"],
                condition=models.Q(status__in=["running", "cancelling"]),
                name="run_leases",
            ),
            models.Index(
                fields=["-finished_at"],
                condition=models.Q(status="failed"),
                name="run_failures",
            ),
            models.Index(
                fields=["kind", "-finished_at"],
                condition=models.Q(status="succeeded"),
                name="run_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} ({self.kind}, {self.status})"


class Attempt(models.Model):
    """One try of a run, kept when the run is tried again."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    worker = models.CharField(max_length=128)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, blank=True)
    reason = models.TextField(blank=True)
    seconds = models.FloatField(default=0, help_text="Device-seconds.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="attempt_once")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.run}"


class Usage(models.Model):
    """Device-seconds per contributor: the claim takes from whoever has used least."""

    contributor = models.OneToOneField(User, on_delete=models.CASCADE, related_name="usage")
    seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.contributor}: {self.seconds:.0f} s"
