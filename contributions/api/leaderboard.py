"""The leaderboard of a track: measured submissions, best first, beside its base and releases."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contributions.api import positions
from contributions.models import PatchKind, ReleaseStatus, Submission, SubmissionStatus, Track
from contributions.services import access, standings, track_ranking
from contributions.services.standings import Standing
from contributions.services.track_ranking import Ranked, Ranking
from registry.api.endpoints import Endpoint
from registry.api.plain import root_of


class EntrySerializer(serializers.Serializer[Any]):
    rank = serializers.IntegerField()
    not_distinguishable_from = serializers.ListField(
        child=serializers.IntegerField(),
        min_length=2,
        max_length=2,
        help_text="First and last rank whose intervals overlap with this one's.",
    )
    submission = serializers.IntegerField()
    url = serializers.CharField()
    title = serializers.CharField()
    contributor = serializers.CharField()
    kind = serializers.ChoiceField(PatchKind.choices)
    status = serializers.ChoiceField(SubmissionStatus.choices)
    loss = serializers.FloatField(help_text="On split T, in nats.")
    metric = serializers.FloatField(allow_null=True, help_text="The track's metric on T.")
    gain = serializers.FloatField(help_text="Over what it was compared with, in nats.")
    low = serializers.FloatField(help_text="95 % interval.")
    high = serializers.FloatField()
    credit = serializers.FloatField(allow_null=True, help_text="Nats of all releases so far.")


class StandingSerializer(serializers.Serializer[Any]):
    release = serializers.IntegerField(source="release.number", help_text="0 is the base.")
    status = serializers.ChoiceField(ReleaseStatus.choices, source="release.status")
    revision = serializers.CharField(source="release.revision", allow_blank=True)
    loss = serializers.FloatField(allow_null=True)
    metric = serializers.FloatField(allow_null=True)


_LONG = ("policy", "benchmark__split_m", "benchmark__split_v", "benchmark__split_t")
_PAGE = inline_serializer(
    "Leaderboard",
    {
        "track": serializers.CharField(),
        "metric": serializers.CharField(help_text="Name of the track's metric."),
        "releases": StandingSerializer(many=True),
        "next": serializers.CharField(allow_null=True),
        "previous": serializers.CharField(allow_null=True),
        "results": EntrySerializer(many=True),
    },
)


class Leaderboard(Endpoint):
    @extend_schema(
        operation_id="tracks_leaderboard",
        parameters=[
            OpenApiParameter("kind", str, enum=PatchKind.values),
            *positions.PARAMETERS,
        ],
        responses=_PAGE,
        tags=["tracks"],
    )
    def get(self, request: Request, name: str) -> Response:
        """Measured submissions with intervals, lowest loss on T first; the base and releases."""
        track = access.track(self.caller, name, without=_LONG)
        ranked = track_ranking.ranking(track, self.caller.user)
        rows = track_ranking.ordered(ranked, track=track, sort="", kind=_kind(request))
        page = positions.cut(request, rows, key=lambda row: row.order)
        releases = list(standings.releases_of(track))
        return Response(
            {
                "track": track.name,
                "metric": track.metric,
                "releases": [_standing(each) for each in standings.standings(track, releases)],
                "next": page.next,
                "previous": page.previous,
                "results": _entries(request, track, ranked, page.rows),
            }
        )


def _standing(standing: Standing) -> dict[str, Any]:
    release = standing.release
    return {
        "release": release.number,
        "status": release.status,
        "revision": release.revision,
        "loss": standing.loss,
        "metric": standing.metric,
    }


def _kind(request: Request) -> str:
    given = request.query_params.get("kind", "")
    if given and given not in PatchKind.values:
        raise serializers.ValidationError({"kind": [f"“{given[:40]}” is no kind of patch."]})
    return given


def _entries(
    request: Request, track: Track, ranked: Ranking, rows: list[Ranked]
) -> list[dict[str, Any]]:
    """As `EntrySerializer` describes them, written by hand."""
    found = Submission.objects.select_related("contributor").only(
        "title", "status", "contributor__username"
    )
    credit = track_ranking.credits_of(track, rows)
    listed, root = found.in_bulk([row.pk for row in rows]), root_of(request)
    return [
        {
            "rank": place.rank,
            "not_distinguishable_from": [place.first, place.last],
            "submission": row.pk,
            "url": root + listed[row.pk].get_absolute_url(),
            "title": listed[row.pk].title,
            "contributor": listed[row.pk].contributor.username,
            "kind": row.kind,
            "status": listed[row.pk].status,
            "loss": row.loss,
            "metric": row.metric,
            "gain": row.gain,
            "low": row.low,
            "high": row.high,
            "credit": credit.get(row.pk),
        }
        for row in rows
        for place in [ranked.place(row)]
        if row.pk in listed
    ]
