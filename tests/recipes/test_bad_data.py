"""Data that a model cannot learn from is refused with the row, the column and the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.recipes.folders import JobFolder

ROW = {"text": "where is my lamp", "label": "delivery"}


def data(job: JobFolder, name: str, content: str | bytes) -> None:
    """Replaces the training data by one file."""
    (job / "in/data/train/part-0.jsonl").unlink(missing_ok=True)
    encoded = content if isinstance(content, bytes) else content.encode()
    (job / "in/data/train" / name).write_bytes(encoded)


def rows(*values: Any) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


CASES = [
    pytest.param(
        "a.csv", "text,intent\nhello,refund\n",
        'The column "label" is missing; the columns found are text, intent',
        "in/data/train/a.csv", '"columns": {"label"', id="column missing in csv",
    ),
    pytest.param(
        "a.jsonl", rows(ROW, {"text": "hello", "intent": "refund"}),
        'The column "label" is missing; the columns found are text, intent',
        "in/data/train/a.jsonl, row 2", '"columns": {"label"', id="column missing in jsonl",
    ),
    pytest.param(
        "a.csv", "text,label\nhello,refund\nhi,complaint\n",
        "The label 'complaint' is unknown to the model, which knows refund, delivery, password, "
        "cancel", 'in/data/train/a.csv, row 2, column "label"', "Correct the label",
        id="label unknown",
    ),
    pytest.param(
        "a.jsonl", rows(ROW, ROW | {"label": 4}), "The label 4 is unknown",
        "row 2", "Correct the label", id="label number too high",
    ),
    pytest.param(
        "a.jsonl", rows(ROW, ROW | {"label": None}), "The label None is unknown",
        "row 2", "Correct the label", id="label empty",
    ),
    pytest.param(
        "a.jsonl", rows(ROW | {"label": True}), "The label True is unknown",
        "row 1", "Correct the label", id="label of a wrong type",
    ),
    pytest.param(
        "a.jsonl", rows(ROW, ROW | {"text": 3}), "Expected a text, found 3",
        'in/data/train/a.jsonl, row 2, column "text"', "Correct the value", id="text of wrong type",
    ),
    pytest.param(
        "a.csv", "text,label\nhello, world,refund\n", "The row has 3 values and the header 2",
        "in/data/train/a.csv, row 1", "Quote the values", id="csv row too long",
    ),
    pytest.param(
        "a.csv", 'text,label\n"hello,refund\n', "is not CSV", "line 2", "Quote the values",
        id="csv quote open",
    ),
    pytest.param(
        "a.csv", b"text,label\nhell\xf6,refund\n", "is not UTF-8 text",
        "in/data/train/a.csv", "Save the file as UTF-8", id="latin 1",
    ),
    pytest.param(
        "a.jsonl", rows(ROW) + "{text: 3}\n", "The line is not JSON",
        "in/data/train/a.jsonl, line 2, column 2", "one JSON object a line", id="jsonl broken",
    ),
    pytest.param(
        "a.jsonl", "[1]\n", "The line is not a JSON object",
        "in/data/train/a.jsonl, line 1", "one JSON object a line", id="jsonl of lists",
    ),
    pytest.param(
        "a.parquet", b"PAR1 no parquet", "is not a readable Parquet file",
        "in/data/train/a.parquet", "Write it again", id="parquet broken",
    ),
    pytest.param(
        "a.csv", "text,label\n", "The data has no rows", "in/data/train", "at least one example",
        id="no rows",
    ),
    pytest.param(
        "a.txt", "hello", "in/data/train holds no data file", "in/data/train",
        ".parquet, .csv or .jsonl", id="no data file",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message", "where", "next_step"), CASES)
def test_bad_text_data_is_refused(
    text_job: JobFolder, name: str, content: str | bytes, message: str, where: str, next_step: str
) -> None:
    data(text_job, name, content)
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert message in failure["message"]
    assert where in failure["where"]
    assert next_step in failure["next"]


SENTENCES = [
    pytest.param({"tokens": "It rained", "tags": ["O"]}, "Expected a list of words", id="words"),
    pytest.param({"tokens": ["It"], "tags": "O"}, "Expected a list of tags", id="tags"),
    pytest.param({"tokens": ["It", "rained"], "tags": ["O"]}, "Expected 2 tags", id="lengths"),
    pytest.param({"tokens": ["It"], "tags": ["B-TIME"]}, "The label 'B-TIME' is unknown", id="tag"),
]


@pytest.mark.parametrize(("row", "message"), SENTENCES)
def test_bad_sentences_are_refused(token_job: JobFolder, row: dict[str, Any], message: str) -> None:
    data(token_job, "a.jsonl", rows(row))
    failure = token_job.fail()
    assert failure["class"] == "bad-input"
    assert message in failure["message"]
    assert failure["where"].startswith("in/data/train/a.jsonl, row 1")


PICTURES = [
    pytest.param("missing.png", "The picture cannot be read", id="missing"),
    pytest.param("broken.png", "The picture cannot be read", id="broken"),
    pytest.param("../../../spec.json", "Expected a picture", id="outside"),
    pytest.param("", "Expected a picture", id="empty"),
]


@pytest.mark.parametrize(("name", "message"), PICTURES)
def test_bad_pictures_are_refused(image_job: JobFolder, name: str, message: str) -> None:
    (image_job / "in/data/train/part-0.parquet").unlink()
    (image_job / "in/data/train/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    data(image_job, "a.csv", f"image,label\n{name},3\n")
    failure = image_job.fail()
    assert failure["class"] == "bad-input"
    assert message in failure["message"]
    assert failure["where"] == 'in/data/train/a.csv, row 1, column "image"'


def test_a_fault_in_a_later_file_names_that_file(text_job: JobFolder) -> None:
    folder: Path = text_job / "in/data/train"
    (folder / "part-1.csv").write_text("text,label\nhello,refund\nhi,complaint\n")
    assert text_job.fail()["where"] == 'in/data/train/part-1.csv, row 2, column "label"'
