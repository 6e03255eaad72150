"""Releases and credit: theta0 + sum_i w_i * Delta_i, and who brought what of the gain."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from contributions.models.submissions import Submission
from contributions.models.tracks import Track, counted
from registry.models import User
from registry.models.choices import Choices
from registry.models.repositories import may_open, visible


class ReleaseStatus(Choices):
    MERGING = "merging", _("Merging")
    VALUING = "valuing", _("Valuing")
    RELEASED = "released", _("Released")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class ReleaseQuerySet(models.QuerySet["Release"]):
    def visible_to(self, user: User | None) -> ReleaseQuerySet:
        return self.filter(visible(user, of="track__repository"))

    def open_to(self, user: User | None) -> ReleaseQuerySet:
        """On the page of one thing: operators, who may open it, see what belongs to it too."""
        return self.filter(may_open(user, of="track__repository"))

    def released(self) -> ReleaseQuerySet:
        return self.filter(status=ReleaseStatus.RELEASED)

    def listed(self) -> ReleaseQuerySet:
        """With what one line of a list shows; newest first. Counted for the lines shown only."""
        pool = ReleasePatch.objects.filter(release=models.OuterRef("pk")).order_by()
        return (
            self.select_related("track__repository__namespace")
            .annotate(
                admitted_count=counted(pool.filter(admitted=True), "release"),
                pool_count=counted(pool, "release"),
            )
            .order_by("-id")
        )


class Release(models.Model):
    """A merged revision of a track. Number 0 is the calibrated base."""

    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    status = models.CharField(
        max_length=12, choices=ReleaseStatus.choices, default=ReleaseStatus.MERGING
    )
    reason = models.TextField(blank=True)
    base_revision = models.CharField(max_length=40)
    artifact_revision = models.CharField(max_length=40, blank=True)
    revision = models.CharField(max_length=40, blank=True, help_text="The commit on main.")
    gain_v = models.FloatField(null=True, help_text="Nats on V.")
    gain_t = models.FloatField(null=True, help_text="Nats on T.")
    nodes = models.PositiveSmallIntegerField(null=True, help_text="K of the path integral.")
    gap = models.FloatField(null=True, help_text="|sum of credit − gain| in nats.")
    kappa = models.FloatField(null=True)
    formula = models.CharField(max_length=32, blank=True, help_text="Version of the formula.")
    # Losses, metrics on T, gate, clusters, split digests, KernelSHAP: all that recomputes it.
    evidence = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["track", "number"], name="release_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.track} release {self.number}"

    def get_absolute_url(self) -> str:
        return f"/tracks/{self.track.name}/releases/{self.number}"


class ReleasePatch(models.Model):
    """A submission in the pool of a release, admitted or not, with what the gate said."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="patches")
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="release_patches"
    )
    artifact_revision = models.CharField(max_length=40)
    # What a pull request brings after the release has begun is no part of it.
    head_revision = models.CharField(max_length=40, help_text="The head that was approved.")
    admitted = models.BooleanField(null=True)
    weight = models.FloatField(null=True)
    gate_gain = models.FloatField(null=True, help_text="Nats on V.")
    gate_lower = models.FloatField(null=True, help_text="One-sided 95 % bound, nats.")
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "submission"], name="release_patch_once")
        ]

    def __str__(self) -> str:
        return f"{self.submission} in {self.release}"


class Credit(models.Model):
    """One ledger line, in nats with a 95 % interval. Append-only, never rewritten."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="credits")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="credits")
    contributor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="credits")
    weight = models.FloatField()
    amount = models.FloatField(help_text="Nats; the path integral A_i.")
    low = models.FloatField()
    high = models.FloatField()
    first_order = models.FloatField(help_text="Gradient times weight at the base, nats.")
    alone = models.FloatField(null=True, help_text="Gain of this patch alone, nats.")
    leave_one_out = models.FloatField(null=True, help_text="Loss of gain without it, nats.")
    metric_amount = models.FloatField(null=True, help_text="The same in the track's metric.")
    formula = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-amount"]
        constraints = [
            models.UniqueConstraint(fields=["release", "submission"], name="credit_once")
        ]
        indexes = [models.Index(fields=["-created_at"], name="credit_lately")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.contributor}: {self.amount:+.4f} nats"
