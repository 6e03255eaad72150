"""How text and queries are taken apart: the same on both sides, for any input."""

from __future__ import annotations

import pytest
from django.db import connection

from registry.services import words


def matches(title: str, asked: str, body: str = "") -> bool:
    query = words.query(asked)
    if not query:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsvector @@ %s::tsquery", [words.vector(title, body), query])
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("title", "asked", "found"),
    [
        ("Warm-up and cosine schedule", "warm-up", True),
        ("Warm-up and cosine schedule", "COSINE warm", True),
        ("Warm-up and cosine schedule", "sched", True),
        ("Warm-up and cosine schedule", "sched cosine", False),  # only the last may be cut short
        ("Warm-up and cosine schedule", '"cosine schedule"', True),
        ("Warm-up and cosine schedule", '"schedule cosine"', False),
        ("Warm-up and cosine schedule", '"cosine sched"', False),
        ("ada/digits-small", "digits", True),
        ("ada/digits-small", "ada/digits", True),
        ("snake_case_name", "case", True),
        ("Naïve Bayes", "naive", True),
        ("Naive Bayes", "naïve", True),
        ("改进学习率的预热", "学习率", True),
        ("改进学习率的预热", "预热", True),
        ("改进学习率的预热", "热", True),
        ("改进学习率的预热", "习学", False),
        ("BERT微调模型 v2", "微调 v2", True),
        ("한국어 모델", "한국어", True),
        ("日本語モデル", "モデル", True),
    ],
)
def test_what_is_found_by_what(title, asked, found):
    assert matches(title, asked) is found


def test_a_phrase_does_not_go_from_the_title_into_the_text(db):
    assert not matches("ends here", '"here begins"', "begins there")
    assert matches("ends here", "here begins", "begins there")


HOSTILE = [
    "'",
    "''; DROP TABLE registry_user; --",
    "a & b | !c <-> (d",
    ":* :A 'x':*B",
    "\\",
    "\\' OR 1=1",
    "%s %d %(x)s {0}",
    '"""',
    '"unclosed',
    "\u0000null",
    "\ud800",
    "x" * 100_000,
    "a " * 50_000,
    "é" * 5000,
    "字" * 5000,
    "👩‍💻 emoji",
    "-- /* */",
    "*",
    "",
    " ",
]


@pytest.mark.django_db
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_breaks_the_search(text):
    matches(text, text, text)
    matches("something else", text)


def test_no_text_makes_a_vector_that_postgresql_refuses(db):
    body = " ".join(f"word{n}" for n in range(100_000))
    assert matches("long", "word7", body)
    assert len(words.vector("", body)) < 200_000
