"""What the gateway makes of a run: checks against the base, failures, publications."""

from __future__ import annotations

import io
import json
import struct

import pytest

from contributions.models import (
    FailureClass,
    PublicationStatus,
    RunKind,
    RunStatus,
    SubmissionStatus,
    TrackStatus,
)
from contributions.services import claims, hub_tokens, publications
from registry.services import blobs, commits
from registry.services.commits import AddFile, AddLfsFile
from registry.services.errors import Conflict
from tests.contributions import machines
from tests.contributions.cast import Cast, token_of
from tests.contributions.machines import bring
from tests.workers.community import LICENCE, due_now, told
from workers import gateway
from workers.runner import Outcome

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]
CONFIG = {"model_type": "bert", "architectures": ["BertForSequenceClassification"]}
CONFIG |= {"id2label": {"0": "a", "1": "b"}, "label2id": {"a": 0, "b": 1}}


def safetensors(fill: int, **tensors: tuple[int, int]) -> bytes:
    """A well-formed file in float32 whose bytes of data are all the same."""
    header, end = {}, 0
    for name, shape in tensors.items():
        size = 4 * shape[0] * shape[1]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes([fill]) * end


@pytest.fixture
def cast(live_db):
    return Cast()


@pytest.fixture
def model(cast):
    """A model whose weights are a large file, as every client sends them."""
    text = AddFile("config.json", json.dumps(CONFIG).encode()), AddFile("LICENSE", LICENCE.encode())
    cast.push(cast.model, *text, large(cast, cast.berta, encoder=(4, 4)), by=cast.berta)
    return cast.model


def large(cast, by, *, fill=0, **tensors) -> AddLfsFile:
    blob = blobs.store(io.BytesIO(safetensors(fill, **tensors)), user=by)
    return AddLfsFile("model.safetensors", blob.sha256, blob.size)


def work(queue: str = "general") -> int:
    due_now()
    return gateway.work(queue, worker="test")


def test_weights_of_another_architecture_are_refused(cast, model):
    submission = cast.offer(large(cast, cast.ada, encoder=(8, 8)), by=cast.ada)
    work()
    submission.refresh_from_db()
    assert submission.status == SubmissionStatus.REFUSED, told(submission)
    blocks = submission.findings.filter(severity="block")
    assert any("encoder" in block.message and block.fix for block in blocks), told(submission)


def test_weights_of_the_same_shapes_pass(cast, model):
    submission = cast.offer(large(cast, cast.ada, fill=1, encoder=(4, 4)), by=cast.ada)
    work()
    submission.refresh_from_db()
    assert submission.status == SubmissionStatus.NEEDS_TRACK, told(submission)
    assert (submission.kind, submission.artifact_revision) == ("weights", submission.head_revision)


def test_a_pickle_is_refused_with_its_remedy(cast, model):
    submission = cast.offer(AddFile("pytorch_model.bin", b"\x80\x04K\x01."), by=cast.ada)
    work()
    submission.refresh_from_db()
    assert submission.status == SubmissionStatus.REFUSED, told(submission)
    fixes = [finding.fix for finding in submission.findings.filter(severity="block")]
    assert any("safetensors" in fix for fix in fixes), fixes


def test_a_site_that_does_not_answer_is_no_fault_of_the_contributor(cast, model, settings):
    work()
    submission = cast.offer(large(cast, cast.ada, encoder=(8, 8)), by=cast.ada)
    settings.SITE_URL = "http://127.0.0.1:9"
    work()
    run = submission.runs.get()
    assert (run.status, run.failure_class) == (RunStatus.QUEUED, FailureClass.PLATFORM_ERROR)
    assert run.attempt == 1
    assert cast.ada.usage.seconds == 0


@pytest.mark.parametrize(
    "lie", [{"artifact": {"path": "../.."}}, {"patch": "weights"}, {"findings": [1]}]
)
def test_a_result_of_another_form_is_recorded_as_nothing(cast, model, tmp_path, lie):
    submission = cast.offer(large(cast, cast.ada, fill=1, encoder=(4, 4)), by=cast.ada)
    due_now()
    run = claims.claim("general", worker="test")
    while run.submission_id != submission.pk:
        run = claims.claim("general", worker="test")
    result = {"status": "ok", "verdict": "passed", "patch": {"kind": "weights"}, "findings": []}
    gateway.deliver(run, Outcome("ok", None, {**result, **lie}, out=tmp_path))
    run.refresh_from_db()
    assert (run.status, run.failure_class) == (RunStatus.FAILED, FailureClass.SCORING_ERROR)
    assert "agreed form" in run.reason


@pytest.fixture
def release(cast, model):
    track = cast.prepare_track("digits")
    cast.settle_first_revisions()
    first = model.submissions.get(discussion=None)
    cast.review(first, "licence")
    cast.review(first, "privacy")
    bring(cast, RunKind.MERGE, machines.calibrated())
    track.refresh_from_db()
    assert track.status == TrackStatus.OPEN
    return track.releases.get(number=0)


def test_the_publish_queue_sends_a_release_to_a_hub(cast, model, release, live_db, hub_token_key):
    hub_tokens.store(
        model.namespace, endpoint=live_db.url, secret=token_of("berta"), actor=cast.berta
    )
    publication = publications.publish(
        release, actor=cast.berta, endpoint=live_db.url, repo_id="berta/published"
    )
    assert work("general") == 0, "only the publish queue takes it"
    assert work("publish") == 1
    publication.refresh_from_db()
    assert publication.status == PublicationStatus.PUBLISHED, publication.reason
    run = publication.runs.get()
    assert run.result == {"remote_commit": publication.remote_commit}
    there = type(model).objects.get(name="published")
    head = commits.resolve(there)
    assert head.oid == publication.remote_commit
    assert commits.read_file(there, head, "model.safetensors") == b"the calibrated base"


def test_a_key_turned_back_while_it_waits_stops_a_publication(
    cast, model, release, live_db, hub_token_key
):
    hub_tokens.store(
        model.namespace, endpoint=live_db.url, secret=token_of("berta"), actor=cast.berta
    )
    where = {"endpoint": live_db.url, "repo_id": "berta/stopped"}
    publication = publications.publish(release, actor=cast.berta, **where)
    first = model.submissions.get(discussion=None)
    cast.review(first, "licence", "reverse", by=cast.luis, reason_code="mistake")
    assert work("publish") == 1
    publication.refresh_from_db()
    assert (publication.status, publication.runs.get().attempt) == (PublicationStatus.FAILED, 1)
    assert "licence key" in publication.reason
    assert not type(model).objects.filter(name="stopped").exists()
    with pytest.raises(Conflict, match="was turned back"):
        publications.publish(release, actor=cast.berta, **where)
    cast.review(first, "licence", by=cast.luis)
    assert publications.publish(release, actor=cast.berta, **where).status == "queued"


def test_a_repository_does_not_overwrite_what_another_published(
    cast, model, release, hub_token_key
):
    where = {"endpoint": "http://127.0.0.1:9", "repo_id": "berta/published"}
    hub_tokens.store(
        model.namespace, endpoint=where["endpoint"], secret="hf_x" * 8, actor=cast.berta
    )
    publications.publish(release, actor=cast.berta, **where)
    track, other = release.track, cast.repository("other", "model")
    track.pk, track.name, track.repository = None, "others", other
    track.save()
    release.pk, release.track = None, track
    release.save()
    where["repo_id"] = "Berta/Published"
    with pytest.raises(Conflict, match="another repository of this site"):
        publications.publish(release, actor=cast.berta, **where)


def test_a_hub_that_is_down_is_tried_again(cast, model, release, live_db, hub_token_key):
    nobody = "http://127.0.0.1:9"
    hub_tokens.store(model.namespace, endpoint=nobody, secret="hf_x" * 8, actor=cast.berta)
    publication = publications.publish(
        release, actor=cast.berta, endpoint=nobody, repo_id="berta/published"
    )
    for _ in range(3):
        work("publish")
    publication.refresh_from_db()
    run = publication.runs.get()
    assert (run.status, run.attempt) == (RunStatus.FAILED, 3)
    assert publication.status == PublicationStatus.FAILED
    assert "cannot be reached" in publication.reason
