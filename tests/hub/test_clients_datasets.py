"""datasets: `push_to_hub`, `load_dataset` and streaming, unmodified."""

from __future__ import annotations

import pytest

from registry.models import Repository
from registry.services import objects, refs

PUSH_AND_LOAD = """
from datasets import Dataset, DatasetDict, load_dataset

rows = {"text": [f"sentence {n}" for n in range(50)], "label": [n % 3 for n in range(50)]}
train, test = Dataset.from_dict(rows), Dataset.from_dict({k: v[:5] for k, v in rows.items()})
DatasetDict(train=train, test=test).push_to_hub("ada/sentences")
loaded = load_dataset("ada/sentences")
assert loaded["train"].to_dict() == rows
assert loaded["test"].num_rows == 5
streamed = load_dataset("ada/sentences", split="train", streaming=True)
assert [row["label"] for row in streamed.take(4)] == [0, 1, 2, 0]
DatasetDict(train=train).push_to_hub("ada/sentences", config_name="more")
assert load_dataset("ada/sentences", "more")["train"].num_rows == 50
print("the same")
"""


@pytest.mark.slow
def test_a_dataset_is_pushed_loaded_and_streamed(run):
    assert "the same" in run(PUSH_AND_LOAD)
    made = Repository.objects.get()
    entries = objects.ls_tree(made, refs.resolve(made).oid, recursive=True)
    shards = [entry for entry in entries if entry.path.endswith(".parquet")]
    assert len(shards) == 3
    assert all(shard.lfs for shard in shards)
    assert made.card["dataset_info"]
