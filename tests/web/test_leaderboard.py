"""Rows of a leaderboard are in an order that compares like with like, and copies are named."""

from __future__ import annotations

import re

from contributions.models import (
    Comparison,
    PatchKind,
    ReleasePatch,
    Run,
    Score,
    SubmissionStatus,
    Track,
)
from contributions.services import submissions
from tests.web import scene as scenes

LINKS = re.compile(r'<th scope="row" class="what"><a href="/submissions/(\d+)"')


def board(client, sort=""):
    html = client.get(f"/tracks/digits?sort={sort}").content.decode()
    html = html[html.index('id="leaderboard"') :]
    rows = [row for row in html.split("<tr>") if LINKS.search(row)]
    return {int(LINKS.search(row)[1]): re.sub(r"\s+", " ", row) for row in rows}


def words(row):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row))


def offered(scene, title, content, *, kind=PatchKind.WEIGHTS, **figures):
    made = scenes.offer(scene.model, scene.emil, title, {"model.safetensors": content})
    scenes.put(made, SubmissionStatus.IN_REVIEW, kind=kind, track=scene.track)
    run = scenes.measured(made, width=0.01, metric_gain=0.0, **figures)
    return made, run


def reference(run, revision, digest="b" * 64):
    """What the run compared with: another revision, another model."""
    Run.objects.filter(pk=run.pk).update(plan={"reference": {"revision": revision}})
    for split in ("T", "V"):
        compared = Comparison.objects.filter(run=run, split=split)
        other = compared.first().reference
        if other.model_digest != digest:
            other.pk, other.model_digest = None, digest
            other.save()
            compared.update(reference=other)


def test_a_small_gain_over_a_good_base_stands_above_a_large_one_over_a_poor_base(scene, client):
    """0.08 nats less than a later release is more than 0.3 less than a poor reference."""
    poor, run = offered(scene, "Trained anew", b"p" * 900, kind=PatchKind.RECIPE, gain=-0.09)
    reference(run, "e" * 40, digest="e" * 64)
    Comparison.objects.filter(run=run, measure="loss").update(difference=0.3, low=0.2, high=0.4)
    rows = board(client)
    order = list(rows)
    assert order.index(poor.pk) == len(order) - 1
    text = words(rows[poor.pk])
    assert "0.5020" in text
    assert "+0.3000 (+0.200 to +0.400) over the retrained reference" in text
    losses = [Score.objects.get(model_digest=f"{pk:064d}", split="T").loss for pk in order]
    assert losses == sorted(losses)


def test_a_gain_says_what_it_is_over_and_how_it_stands_to_the_present_base(scene, client):
    model = scene.track.repository
    scene.base.revision = "a" * 40
    scene.base.save()
    reference(scene.weights.runs.get(kind="benchmark"), "a" * 40)
    new, run = offered(scene, "Fine-tuned again", b"n" * 900, gain=0.08)
    reference(run, scene.release.revision, digest="c" * 64)
    old, run = offered(scene, "Of another time", b"o" * 900, gain=0.02)
    reference(run, "f" * 40, digest="f" * 64)
    rows = board(client)
    assert scene.release.revision == scene.track.base_revision, model
    assert "over release 0" in words(rows[scene.weights.pk])
    assert "0.3508 -0.0090 on release 1" in words(rows[scene.weights.pk]).replace("−", "-")
    assert "over release 1" in words(rows[new.pk])
    assert "0.3320 +0.0098 on release 1" in words(rows[new.pk])
    assert "over an earlier base" in words(rows[old.pk])


def test_the_metric_sorts_by_what_was_reached(scene, client):
    order = list(board(client, "metric"))
    reached = [
        Score.objects.get(model_digest=f"{pk:064d}", split="T").metrics["accuracy"] for pk in order
    ]
    assert reached == sorted(reached, reverse=True)


def test_an_exact_copy_is_named_below_its_original(scene, client):
    copy, run = offered(scene, "The same again", b"w" * 900, gain=0.0612)
    for split in ("T", "V"):
        same = Score.objects.get(model_digest=f"{scene.weights.pk:064d}", split=split)
        Comparison.objects.filter(run=run, split=split).update(candidate=same)
    rows = board(client)
    assert list(rows)[:2] == [scene.weights.pk, copy.pk]
    assert f"copy of submission {scene.weights.pk}" in words(rows[copy.pk])
    assert "copy of" not in words(rows[scene.weights.pk])


def test_a_near_copy_that_a_release_found_is_named_below_its_original(scene, client):
    copy, _ = offered(scene, "A little noise", b"x" * 899, gain=0.0613)
    first = list(board(client))
    assert first[0] == copy.pk
    scene.release.evidence["merge"] = {"clusters": [[str(scene.weights.pk), str(copy.pk)]]}
    scene.release.save()
    ReleasePatch.objects.create(
        release=scene.release,
        submission=copy,
        artifact_revision=copy.head_revision,
        admitted=False,
        reason="it copies a patch that came earlier",
    )
    rows = board(client)
    assert list(rows)[:2] == [scene.weights.pk, copy.pk]
    assert f"copy of submission {scene.weights.pk}" in words(rows[copy.pk])
    assert next(iter(board(client, "newest"))) == copy.pk


def test_it_follows_every_measurement_and_every_change_of_track(scene, client):
    before = list(board(client))
    new, _ = offered(scene, "Poor at first", b"q" * 900, gain=-0.2)
    assert list(board(client)) == [*before, new.pk]
    Score.objects.filter(model_digest=f"{new.pk:064d}").update(model_digest="d" * 64)
    scenes.measured(new, gain=0.3, width=0.01, metric_gain=0.0)
    assert list(board(client)) == [new.pk, *before]
    other = Track.objects.get(pk=scene.track.pk)
    other.pk, other.name = None, "second"
    other.save()
    submissions.choose_track(new, track=other, actor=scene.emil)
    assert list(board(client)) == before
    submissions.choose_track(new, track=scene.track, actor=scene.emil)
    assert list(board(client)) == [new.pk, *before]
