"""Lists write their rows by hand: each says what the serializer in the schema says."""

from __future__ import annotations

import json

import pytest
from django.test import RequestFactory
from rest_framework.utils.encoders import JSONEncoder

from contributions.api.leaderboard import EntrySerializer, StandingSerializer
from contributions.api.submission_shapes import SubmissionRowSerializer
from contributions.api.tracks import TrackSerializer
from contributions.models import Submission, Track
from registry.api.repositories import RepositorySerializer
from registry.models import Repository

ROOT = "http://testserver"


@pytest.mark.parametrize(
    ("shown", "rows"),
    [
        (TrackSerializer, lambda: Track.objects.all()),
        (RepositorySerializer, lambda: Repository.objects.all()),
    ],
)
def test_a_row_is_what_its_serializer_would_have_written(scene, shown, rows):
    context = {"request": RequestFactory().get("/")}
    found = list(rows())
    assert found
    for row in found:
        described = json.loads(json.dumps(dict(shown(row, context=context).data), cls=JSONEncoder))
        assert json.loads(json.dumps(shown.plain(row, ROOT))) == described


def test_a_row_of_submissions_is_what_the_serializer_would_have_written(scene, api):
    context = {"request": RequestFactory().get("/")}
    rows = api(scene.ada).get("/submissions/", {"limit": 100}).json()["results"]
    assert any(row["gain"] for row in rows)
    for row in rows:
        submission = Submission.objects.listed().get(pk=row["id"])
        described = SubmissionRowSerializer(submission, context=context).data
        assert row == json.loads(json.dumps(dict(described), cls=JSONEncoder))


def test_an_entry_of_a_leaderboard_has_the_fields_of_its_serializer(scene, api):
    page = api().get(f"/tracks/{Track.objects.first().name}/leaderboard/")
    entries = page.json()["results"]
    assert entries
    for entry in entries:
        assert list(entry) == list(EntrySerializer().fields)
        assert json.loads(json.dumps(EntrySerializer(entry).data)) == entry


def test_the_base_and_the_releases_of_a_leaderboard_tell_their_loss(scene, api):
    page = api().get(f"/tracks/{Track.objects.first().name}/leaderboard/").json()
    fields = list(StandingSerializer().fields)
    assert page["releases"]
    assert all(list(standing) == fields for standing in page["releases"])
    assert any(standing["loss"] is not None for standing in page["releases"])
