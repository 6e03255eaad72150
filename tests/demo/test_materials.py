"""What the demo's people own is reproducible, disjoint, and such that the platform takes it."""

from __future__ import annotations

import stat

import pytest

from contributions.services import track_files
from workers.demo import plot, sentences
from workers.demo.cast import CAST, Secrets
from workers.demo.materials import DIGITS, ENTITIES, write_parquet
from workers.training.data import read_table
from workers.training.recipe import read_recipe
from workers.training.tasks import Task

SUBJECTS = [DIGITS, ENTITIES]


def test_the_same_seed_gives_the_same_data():
    assert plot.entities_data(3) == plot.entities_data(3)
    assert plot.entities_data(3) != plot.entities_data(4)


def test_no_digit_is_held_by_two():
    data = plot.digits_data(0)
    parts = [data.public, data.held_out, *data.private.values()]
    pictures = [row["image"]["bytes"] for part in parts for row in part]
    assert len(pictures) == 1797
    # A few of the 1,797 pictures are equal to the pixel.
    assert len(set(pictures)) > 1780


def test_every_label_of_the_poison_is_wrong():
    rows = plot.digits_data(0)
    shown = {row["image"]["bytes"]: row["label"] for row in plot.materials.digit_rows(0)}
    assert all(shown[row["image"]["bytes"]] != row["label"] for row in rows.private["eve"])


def test_contributors_know_names_that_the_public_sentences_lack():
    names = sentences.Names.all()
    assert not set(names.share(0, 4).organisations) & set(names.share(1, 2).organisations)


def test_tags_fit_their_tokens():
    for sentence in sentences.write(sentences.Names.all(), count=200, seed=0):
        assert len(sentence.tokens) == len(sentence.tags)
        assert set(sentence.tags) <= set(sentences.LABELS)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_the_platform_reads_what_the_maintainer_writes(subject, tmp_path):
    task = Task.of(subject.task)
    file = plot.write_track_file(tmp_path / "track.json", subject, community="community", seed=0)
    assert track_files.parse(file.read_text())["name"] == subject.name
    assert read_recipe(subject.recipe, task, shown="recipe.yaml").method == "full"
    rows = plot.DATA[subject.name](0).public
    write_parquet(tmp_path / "train.parquet", rows)
    assert len(read_table(tmp_path / "train.parquet", None, task)) == len(rows)


def test_secrets_are_drawn_once_and_only_their_owner_reads_them(tmp_path):
    path = tmp_path / "demo" / "people.json"
    first, again = Secrets.load(path), Secrets.load(path)
    assert first.values == again.values
    assert len({first.password(person.name) for person in CAST}) == len(CAST)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
