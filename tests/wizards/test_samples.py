"""The sample: files that the libraries read, and a track that opens and can be improved on."""

from __future__ import annotations

import json

import pytest
from django.db.models.functions import Now

from contributions.models import Comparison, Run, RunStatus, Submission, SubmissionStatus
from contributions.services import sample_model, sample_texts, samples, track_files
from registry.services import commits
from registry.services.commits import AddFile


def test_the_weights_are_those_of_the_architecture(tmp_path):
    import transformers

    for path, content in sample_model.files().items():
        (tmp_path / path).write_bytes(content)
    model, told = transformers.AutoModelForSequenceClassification.from_pretrained(
        tmp_path, output_loading_info=True
    )
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    assert model.config.id2label == dict(enumerate(sample_texts.LABELS))
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    read = tokenizer("Hello, where is the zebra?")["input_ids"]
    names = tokenizer.convert_ids_to_tokens(read)
    assert names[:4] == ["[CLS]", "hello", ",", "where"]
    assert names[-1] == "[SEP]"
    assert "[UNK]" not in names


def test_it_is_the_same_every_time():
    assert sample_model.files() == sample_model.files()
    assert sample_texts.rows(50) == sample_texts.rows(50)
    texts = [row["text"] for row in sample_texts.rows(480)]
    assert len(set(texts)) == 480


def test_it_is_made_once_and_keeps_what_was_changed(cast):
    made = samples.make(owner=cast.ada)
    cast.push(made.model, AddFile("notes.md", b"mine"), by=cast.ada)
    assert samples.make(owner=cast.ada) == made
    assert commits.read_file(made.model, "main", "notes.md") == b"mine"
    assert (made.data.private, made.held_out.private) == (False, True)
    assert Submission.objects.get(repository=made.model).discussion is None


@pytest.fixture
def people(live_db):
    from tests.contributions.cast import Cast

    return Cast()


def work():
    from workers import gateway

    while True:
        Run.objects.filter(status=RunStatus.QUEUED).update(eligible_at=Now())
        if not gateway.work("general", worker="test"):
            return


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_its_track_opens_and_more_epochs_are_a_gain(people):
    from tests.workers.community import told

    sample = samples.make(owner=people.ada)
    facts = track_files.parse(json.dumps(samples.track_facts(sample)))
    track = track_files.open_track(facts, maintainer=people.ada)
    work()
    first = Submission.objects.get(repository=sample.model, discussion=None)
    assert first.status == SubmissionStatus.IN_REVIEW, told(first)
    for key in ("licence", "privacy"):
        people.review(first, key)
    work()
    track.refresh_from_db()
    assert track.status == "open", track.status_reason

    better = samples.RECIPE.replace("epochs: 2", "epochs: 10")
    offer = people.offer(
        AddFile("recipe.yaml", better.encode()), by=people.emil, repository=sample.model
    )
    work()
    offer.refresh_from_db()
    assert offer.status == SubmissionStatus.IN_REVIEW, told(offer)
    gain = Comparison.objects.get(submission=offer, split="T", measure="loss")
    assert gain.low > 0, gain.__dict__
