"""Submissions and what checks and benchmarks said of them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contributions.models.discussions import Discussion
from contributions.models.tracks import Benchmark, Track
from registry.models import Blob, Repository, User
from registry.models.choices import Choices
from registry.models.repositories import may_open, visible


class PatchKind(Choices):
    UNKNOWN = "unknown", _("not checked yet")
    BASE = "base", _("first revision")
    WEIGHTS = "weights", _("full weights")
    ADAPTER = "adapter", _("adapter")
    RECIPE = "recipe", _("recipe")
    DATA = "data", _("data")
    CODE = "code", _("code")
    CARD = "card", _("card only")

    @property
    def needs_training(self) -> bool:
        return self in {PatchKind.RECIPE, PatchKind.DATA}

    @property
    def is_measured(self) -> bool:
        return self in {PatchKind.WEIGHTS, PatchKind.ADAPTER} or self.needs_training


class SubmissionStatus(Choices):
    DRAFT = "draft", _("draft")
    CHECKING = "checking", _("checking")
    REFUSED = "refused", _("refused by a check")
    NEEDS_TRACK = "needs-track", _("needs a track")
    QUEUED = "queued", _("queued")
    TRAINING = "training", _("training")
    BENCHMARKING = "benchmarking", _("benchmarking")
    FAILED = "failed", _("failed")
    IN_REVIEW = "in-review", _("in review")
    NEEDS_INFO = "needs-info", _("needs an answer")
    CHANGES_REQUESTED = "changes-requested", _("changes requested")
    REJECTED = "rejected", _("rejected")
    APPROVED = "approved", _("approved")
    RELEASED = "released", _("released")
    NOT_ADMITTED = "not-admitted", _("measured, not admitted")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn")
    CANCELLED = "cancelled", _("cancelled")

    @property
    def is_final(self) -> bool:
        return self in {
            SubmissionStatus.RELEASED,
            SubmissionStatus.PUBLISHED,
            SubmissionStatus.WITHDRAWN,
            SubmissionStatus.REJECTED,
        }

    @property
    def outcome(self) -> Outcome:
        """What a program that waits for it is to do."""
        if self.is_moving:
            return Outcome.MOVING
        return _OUTCOMES.get(self, Outcome.FAILED)

    @property
    def is_moving(self) -> bool:
        """A machine is at work or about to be: pages keep polling."""
        return self in {
            SubmissionStatus.CHECKING,
            SubmissionStatus.QUEUED,
            SubmissionStatus.TRAINING,
            SubmissionStatus.BENCHMARKING,
        }


class Outcome(Choices):
    MOVING = "moving", _("machines are at work")
    NEEDS_HUMAN = "needs-human", _("a person has to act")
    APPROVED = "approved", _("approved")
    FAILED = "failed", _("failed, refused or ended")


_OUTCOMES = {
    SubmissionStatus.DRAFT: Outcome.NEEDS_HUMAN,
    SubmissionStatus.NEEDS_TRACK: Outcome.NEEDS_HUMAN,
    SubmissionStatus.IN_REVIEW: Outcome.NEEDS_HUMAN,
    SubmissionStatus.NEEDS_INFO: Outcome.NEEDS_HUMAN,
    SubmissionStatus.CHANGES_REQUESTED: Outcome.NEEDS_HUMAN,
    SubmissionStatus.APPROVED: Outcome.APPROVED,
    SubmissionStatus.RELEASED: Outcome.APPROVED,
    SubmissionStatus.PUBLISHED: Outcome.APPROVED,
}


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def visible_to(self, user: User | None) -> SubmissionQuerySet:
        """Whoever may know of the repository may know what is offered to it."""
        return self.filter(visible(user, of="repository"))

    def open_to(self, user: User | None) -> SubmissionQuerySet:
        """On the page of one thing: operators, who may open it, see what belongs to it too."""
        return self.filter(may_open(user, of="repository"))

    def listed(self) -> SubmissionQuerySet:
        """With everything that one line of a list shows; newest first."""
        gains = Comparison.objects.filter(split="T", measure="loss").order_by("run_id")
        return (
            self.select_related("contributor", "repository__namespace", "track")
            .prefetch_related(models.Prefetch("comparisons", gains, to_attr="loss_gains"))
            .order_by("-id")
        )

    def moving(self) -> SubmissionQuerySet:
        return self.filter(status__in=[s for s in SubmissionStatus if s.is_moving])


class Submission(models.Model):
    """A pull request, or a first revision, offered for evaluation.

    `status` is a projection of `services.status.derive` and is written only together with the
    change that caused it; `manage.py recompute_status` must find no difference.
    """

    repository = models.ForeignKey(Repository, on_delete=models.PROTECT, related_name="submissions")
    # Empty for a first revision.
    discussion = models.OneToOneField(
        Discussion, null=True, blank=True, on_delete=models.PROTECT, related_name="submission"
    )
    track = models.ForeignKey(
        Track, null=True, blank=True, on_delete=models.PROTECT, related_name="submissions"
    )
    contributor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="submissions")
    title = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=PatchKind.choices, default=PatchKind.UNKNOWN)
    base_revision = models.CharField(max_length=40, blank=True)
    head_revision = models.CharField(max_length=40)
    # What is merged: the head for weights and adapters, a run's product for recipe and data.
    artifact_revision = models.CharField(max_length=40, blank=True)
    artifact_path = models.CharField(max_length=1024, blank=True, help_text="adapters/x, or empty.")
    evaluate = models.BooleanField(default=False, help_text="Asked for by the card or a button.")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(
        max_length=20, choices=SubmissionStatus.choices, default=SubmissionStatus.CHECKING
    )
    status_reason = models.TextField(blank=True)
    status_since = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["track", "status"]),
            models.Index(fields=["-created_at"]),
            models.Index(fields=["status", "-id"]),
            models.Index(fields=["contributor", "-id"]),
            models.Index(fields=["repository", "-id"]),
            models.Index(fields=["track", "-id"]),
            models.Index(fields=["kind", "-id"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["repository"],
                condition=models.Q(discussion=None),
                name="one_first_revision_per_repository",
            )
        ]

    def __str__(self) -> str:
        return f"submission {self.pk}: {self.title}"

    def get_absolute_url(self) -> str:
        return f"/submissions/{self.pk}"

    def is_offered_by(self, user: User) -> bool:
        """Its contributor, or the author of its pull request."""
        author = self.discussion.author_id if self.discussion else None
        return user.pk in {self.contributor_id, author}

    @property
    def patch_kind(self) -> PatchKind:
        return PatchKind(self.kind)


class Severity(Choices):
    BLOCK = "block", _("must be mended")
    WARN = "warn", _("look at it")
    INFO = "info", _("note")


class Finding(models.Model):
    """What a check found, and how to mend it."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="findings")
    run = models.ForeignKey("Run", on_delete=models.CASCADE, related_name="findings")
    rule = models.CharField(max_length=64)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    path = models.CharField(max_length=1024, blank=True)
    line = models.PositiveIntegerField(null=True, blank=True)
    message = models.TextField()
    fix = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.rule}: {self.message[:60]}"


class Score(models.Model):
    """One model measured on one split. Looked up before anything is measured again."""

    model_digest = models.CharField(max_length=64)
    benchmark = models.ForeignKey(Benchmark, on_delete=models.PROTECT, related_name="scores")
    split = models.CharField(max_length=1, choices=[("V", "V"), ("T", "T")])
    harness = models.CharField(max_length=64)
    precision = models.CharField(max_length=16, default="fp32")
    run = models.ForeignKey("Run", on_delete=models.PROTECT, related_name="scores")
    examples = models.PositiveIntegerField()
    loss = models.FloatField(help_text="Mean cross-entropy in nats.")
    metrics = models.JSONField(default=dict)
    report = models.JSONField(default=dict, help_text="classification_report, per class.")
    # JSON of per-example outcomes; never served to contributors.
    outcomes = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model_digest", "benchmark", "split", "harness", "precision"],
                name="score_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.benchmark} {self.split}: {self.loss:.4f} nats"


class Comparison(models.Model):
    """Candidate against reference on the same examples: paired bootstrap of the gain.

    Positive is better, for a loss too (reference − candidate).
    """

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="comparisons")
    run = models.ForeignKey("Run", on_delete=models.CASCADE, related_name="comparisons")
    split = models.CharField(max_length=1)
    measure = models.CharField(max_length=32, help_text="loss, or a metric's name.")
    candidate = models.ForeignKey(Score, on_delete=models.PROTECT, related_name="+")
    reference = models.ForeignKey(Score, on_delete=models.PROTECT, related_name="+")
    difference = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "run", "split", "measure"], name="comparison_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.difference:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"
