"""The rows of one page of a leaderboard in full."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Prefetch, Sum
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from contributions.models import Comparison, ReleasePatch, Submission, Track
from contributions.services.scores import LOSS


def loaded(track: Track, pks: Iterable[int]) -> dict[int, Submission]:
    """With their comparisons and releases: three queries."""
    reference = KeyTransform("reference", "run__plan")
    shown = (
        Comparison.objects.filter(run__track=track, split="T", measure__in=[LOSS, track.metric])
        .select_related("candidate", "reference")
        .defer("candidate__report", "reference__report")
        .annotate(reference_revision=KeyTextTransform("revision", reference))
    )
    clusters = KeyTransform("clusters", KeyTransform("merge", "release__evidence"))
    pool = (
        ReleasePatch.objects.filter(release__track=track)
        .select_related("release__track")
        .defer("release__evidence")
        .annotate(clusters=clusters)
        .order_by("release_id")
    )
    rows = (
        Submission.objects.filter(pk__in=list(pks))
        .select_related("contributor", "repository__namespace")
        .annotate(credit=Sum("credits__amount"))
        .prefetch_related(
            Prefetch("comparisons", shown, to_attr="shown"),
            Prefetch("release_patches", pool, to_attr="pool"),
        )
    )
    return {row.pk: row for row in rows}
