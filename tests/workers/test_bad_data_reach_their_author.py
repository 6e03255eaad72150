"""Data that a model cannot learn from: what was wrong, where, and what to do, on the page."""

from __future__ import annotations

import html
import io
import re

import pyarrow as pa
import pytest
from django.test import Client
from pyarrow import parquet

from contributions.models import RunKind, SubmissionStatus, Track, TrackStatus
from contributions.services import mainline, submissions
from registry.services import commits
from registry.services.commits import AddFile
from tests.workers.community import due_now, told
from workers import gateway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def track(people):
    """Open on the model as it is: how a track is calibrated is tested elsewhere."""
    made = people.prepare_track()
    head = commits.resolve(people.model).oid
    Track.objects.filter(pk=made.pk).update(
        status=TrackStatus.OPEN, base_revision=head, base_digest=mainline.digest(made, head)
    )
    made.refresh_from_db()
    submissions.track_changed(made)
    return made


def as_parquet(**columns) -> bytes:
    written = io.BytesIO()
    parquet.write_table(pa.table(columns), written)
    return written.getvalue()


CASES = [
    pytest.param(
        "data/more.parquet",
        as_parquet(text=["where is my lamp"], intent=["delivery"]),
        ['The column "label" is missing', "the columns found are text, intent"],
        "Rename",
        id="a parquet file without labels",
    ),
    pytest.param(
        "data/more.csv",
        b"text,intent\nwhere is my lamp,delivery\n",
        ['The column "label" is missing', "the columns found are text, intent"],
        "Rename",
        id="a csv file without labels",
    ),
    pytest.param(
        "data/more.csv",
        b"text,label\nwhere is my lamp,delivery\nit broke,complaint\n",
        ["The label 'complaint' is unknown to the model", "refund, delivery", "row 2"],
        "Correct the label",
        id="a label that the model does not know",
    ),
]


@pytest.mark.parametrize(("path", "content", "faults", "remedy"), CASES)
def test_the_page_of_a_submission_shows_what_is_wrong_with_its_data(
    people, track, path, content, faults, remedy
):
    before = commits.resolve(people.training_set).oid
    offer = people.offer(AddFile(path, content), by=people.chloe, repository=people.training_set)
    due_now()
    while gateway.work("general", worker="test"):
        due_now()
    offer.refresh_from_db()
    assert offer.status == SubmissionStatus.FAILED, told(offer)
    page = html.unescape(Client().get(f"/submissions/{offer.pk}").content.decode())
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for words in [*faults, remedy, path]:
        assert words in text, (words, told(offer))
    assert "in/data" not in offer.status_reason
    assert "Traceback" not in page
    assert not offer.runs.filter(kind=RunKind.BENCHMARK).exists()
    assert offer.discussion.status == "open"
    assert commits.resolve(people.training_set).oid == before
    assert track.training_data.get().revision == before
