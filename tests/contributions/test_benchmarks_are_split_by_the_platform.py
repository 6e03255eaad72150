from __future__ import annotations

import json

import pytest

from contributions.models import Task
from contributions.services import benchmarks
from registry.services.commits import AddFile
from registry.services.errors import Forbidden, Invalid

FRACTIONS = {"M": 0.4, "V": 0.3, "T": 0.3}


def make(cast, dataset, **given):
    given = {"task": Task.TEXT_CLASSIFICATION, "owner": cast.berta, **given}
    return benchmarks.create_benchmark(name="held out", dataset=dataset, **given)


def table(cast, *lines, name="more"):
    text = "\n".join(json.dumps(line) for line in lines)
    return cast.repository(name, "dataset", AddFile("data/a.jsonl", text.encode()))


def test_every_row_is_in_exactly_one_split(cast):
    splits = make(cast, cast.dataset).splits
    assert sorted(row for rows in splits.values() for row in rows) == list(range(60))
    assert [len(splits[name]) for name in "MVT"] == [24, 18, 18]


def test_a_rare_label_is_in_all_splits():
    labels = ["often"] * 90 + ["rare"] * 10
    splits = benchmarks.draw(labels, seed=0, fractions=FRACTIONS)
    rare = {name: sum(labels[row] == "rare" for row in rows) for name, rows in splits.items()}
    assert rare == {"M": 4, "V": 3, "T": 3}


def test_the_seed_decides_the_splits():
    labels = [str(row % 3) for row in range(60)]
    drawn = [benchmarks.draw(labels, seed=seed, fractions=FRACTIONS) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_the_same_facts_are_the_same_benchmark(cast):
    assert make(cast, cast.dataset) == make(cast, cast.dataset)
    assert make(cast, cast.dataset, seed=1) != make(cast, cast.dataset)


def test_tagged_sentences_are_split_by_the_tags_they_hold(cast):
    rows = [{"tokens": ["a"], "tags": ["O"]}, {"tokens": ["b"], "tags": ["B-PER"]}] * 20
    made = make(cast, table(cast, *rows), task=Task.TOKEN_CLASSIFICATION)
    assert made.metric == "f1"
    assert all(len({row % 2 for row in rows}) == 2 for rows in made.splits.values())


def test_a_line_separator_inside_a_text_is_no_new_row(cast):
    rows = [{"text": "one\u2028line", "label": "a"}] * 40
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    dataset = cast.repository("lines", "dataset", AddFile("data/a.jsonl", text.encode()))
    assert sum(map(len, make(cast, dataset).splits.values())) == 40


def test_a_missing_column_is_named_with_those_found(cast):
    with pytest.raises(Invalid, match=r"“label” is missing in data/a.jsonl.*intent, text"):
        make(cast, table(cast, *[{"intent": "x", "text": "y"}] * 40))


def test_too_few_rows_are_refused(cast):
    with pytest.raises(Invalid, match="3 rows"):
        make(cast, table(cast, *[{"text": "x", "label": "y"}] * 3))


def test_a_path_without_tables_is_refused(cast):
    with pytest.raises(Invalid, match=r"no \.parquet, \.csv or \.jsonl"):
        make(cast, cast.dataset, path="elsewhere")


def test_only_a_maintainer_of_the_dataset_may_make_one(cast):
    with pytest.raises(Forbidden):
        make(cast, cast.dataset, owner=cast.emil)
