"""Tracks and benchmarks: what a community works on, and how it is measured."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext_lazy as _

from registry.models import Repository, User
from registry.models.choices import Choices
from registry.models.repositories import may_open, visible


class Task(Choices):
    TEXT_CLASSIFICATION = "text-classification", _("Text Classification")
    TOKEN_CLASSIFICATION = "token-classification", _("Token Classification")
    IMAGE_CLASSIFICATION = "image-classification", _("Image Classification")

    @property
    def metric(self) -> str:
        """Primary metric unless the track names another."""
        return self.metrics[0]

    @property
    def metrics(self) -> tuple[str, ...]:
        """What the benchmark program measures beside the loss."""
        if self is Task.TOKEN_CLASSIFICATION:
            return ("f1", "precision", "recall", "accuracy")
        return ("accuracy", "f1_macro")


class Benchmark(models.Model):
    """Labelled examples at one dataset revision, split into M (fit), V (value) and T (report).

    Splits are row indexes of the data at `path`, drawn by the platform with `seed`. Outcomes per
    example of V and T are never readable by contributors, and the dataset is usually private.
    """

    name = models.CharField(max_length=96)
    task = models.CharField(max_length=32, choices=Task.choices)
    dataset = models.ForeignKey(Repository, on_delete=models.PROTECT, related_name="benchmarks")
    revision = models.CharField(max_length=40)
    path = models.CharField(max_length=1024, help_text="File or folder in the dataset.")
    columns = models.JSONField(default=dict, blank=True)
    metric = models.CharField(max_length=32)
    seed = models.PositiveIntegerField(default=0)
    split_m = models.JSONField(default=list, help_text="Row indexes that fit merge weights.")
    split_v = models.JSONField(default=list, help_text="Row indexes that value contributions.")
    split_t = models.JSONField(default=list, help_text="Row indexes that results are shown on.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of data, splits and metric.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest"], name="benchmark_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def splits(self) -> dict[str, list[int]]:
        return {"M": self.split_m, "V": self.split_v, "T": self.split_t}


class TrackStatus(Choices):
    PREPARING = "preparing", _("Preparing")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


def default_policy() -> dict[str, Any]:
    """Acceptance policy. `keys`: sign-offs needed; `finetune_seconds`: budget of one run."""
    return {"keys": ["licence", "privacy"], "finetune_seconds": 900, "max_steps": 2000}


def counted(rows: models.QuerySet[Any], by: str) -> Coalesce:
    """How many of the rows belong to the outer one: a look-up, where a join would multiply."""
    number = rows.order_by().values(by).annotate(number=models.Count("*")).values("number")
    return Coalesce(models.Subquery(number), 0)


class TrackQuerySet(models.QuerySet["Track"]):
    def open(self) -> TrackQuerySet:
        return self.filter(status=TrackStatus.OPEN)

    def visible_to(self, user: User | None) -> TrackQuerySet:
        return self.filter(visible(user, of="repository"))

    def open_to(self, user: User | None) -> TrackQuerySet:
        """On the page of one thing: operators, who may open it, see what belongs to it too."""
        return self.filter(may_open(user, of="repository"))

    def listed(self) -> TrackQuerySet:
        """With what one line of a list shows: the busiest first."""
        offered = apps.get_model("contributions", "Submission").objects
        released = apps.get_model("contributions", "Release").objects.filter(
            status="released", number__gt=0
        )
        own = models.OuterRef("pk")
        return (
            self.select_related("repository__namespace", "benchmark")
            .defer("benchmark__split_m", "benchmark__split_v", "benchmark__split_t")
            .annotate(
                submission_count=counted(offered.filter(track=own), "track"),
                release_count=counted(released.filter(track=own), "track"),
            )
            .order_by("-submission_count", "name")
        )

    def quietest_first(self) -> TrackQuerySet:
        """Of `listed()`."""
        return self.order_by(models.F("submission_count").asc(), "-pk")


class Track(models.Model):
    """A task on one model repository: base, data, benchmark, policy.

    While a track is preparing or open, its repository's main is protected.
    """

    repository = models.ForeignKey(Repository, on_delete=models.PROTECT, related_name="tracks")
    name = models.CharField(max_length=96, help_text="Slug, unique on the site.")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    task = models.CharField(max_length=32, choices=Task.choices)
    status = models.CharField(
        max_length=12, choices=TrackStatus.choices, default=TrackStatus.PREPARING
    )
    status_reason = models.TextField(blank=True)
    # The calibrated base; moves to the new release's revision with each release.
    base_revision = models.CharField(max_length=40, blank=True)
    base_digest = models.CharField(max_length=64, blank=True)
    temperature = models.FloatField(null=True, blank=True)
    benchmark = models.ForeignKey(Benchmark, on_delete=models.PROTECT, related_name="tracks")
    metric = models.CharField(max_length=32)
    policy = models.JSONField(default=default_policy)
    seed = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TrackQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="track_name_unique_any_case")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/tracks/{self.name}"


class Leaderboard(models.Model):
    """Counts what changes the order of a track's submissions, so that a kept order can be used.

    A row of its own: whoever writes it holds no track, and waits for nobody who does.
    """

    track = models.OneToOneField(
        Track, primary_key=True, on_delete=models.CASCADE, related_name="leaderboard"
    )
    measurements = models.PositiveBigIntegerField(default=0)
    moves = models.PositiveBigIntegerField(default=0, help_text="Submissions that came or left.")

    def __str__(self) -> str:
        return f"{self.track_id}: {self.measurements} measurements, {self.moves} moves"


class TrackDataset(models.Model):
    """Training data of a track, pinned to a revision."""

    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="training_data")
    dataset = models.ForeignKey(Repository, on_delete=models.PROTECT, related_name="trained_tracks")
    revision = models.CharField(max_length=40)
    path = models.CharField(max_length=1024, blank=True, help_text="File or folder; empty: data/.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["track", "dataset", "path"], name="track_dataset_once")
        ]

    def __str__(self) -> str:
        return f"{self.track} ← {self.dataset}"
