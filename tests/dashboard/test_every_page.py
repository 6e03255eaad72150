"""Every page of the dashboard: its structure, its words, its weight, its queries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.urls import reverse

from contributions.models import CannedReply, Decision, Finding, RunKind, Submission, Usage
from contributions.services import review_queue
from registry.services import accounts, quarantine
from tests.web import scene as scenes
from tests.web.catalogs import file_of, of_po
from tests.web.rules import LARGEST_PAGE, faults

SHOWN = ("findings", "changes", "scores", "lineage", "history")
# What a program would say: a row without a name, a code with an underscore, a model's label.
PROGRAM_WORDS = re.compile(
    r"\b\w+ object \(\d+\)|\b[a-z]+_[a-z_]+\b|\b(?:contributions|registry) ?[|.]"
)


@pytest.fixture
def full(scene):
    """At least one row at every desk."""
    quarantine.place(scene.plain, actor=scene.olga, reason="A test.")
    scene.plain.refresh_from_db()
    accounts.create_organisation(name="lab", actor=scene.emil)
    Usage.objects.update_or_create(contributor=scene.berta, defaults={"seconds": 7290})
    CannedReply.objects.create(
        key="licence", decision=Decision.CHANGES, title="Text missing", text="Please add LICENSE."
    )
    check = scenes.run(scene.waiting, RunKind.CHECK)
    Finding.objects.create(
        submission=scene.waiting, run=check, rule="licence-text", severity="warn", path="README.md",
        line=2, message="The text of the licence is missing.",
    )  # fmt: skip
    review_queue.sync(scene.waiting, missing_keys=["licence", "privacy"])
    return scene


def desks():
    for desk in admin.site._registry.values():
        yield desk, f"admin:{desk.opts.app_label}_{desk.opts.model_name}"


def addresses(s):
    yield from ("/admin/", "/admin/operation/")
    for desk, name in desks():
        at = reverse(f"{name}_changelist")
        yield from (at, f"{at}?q=nothing-is-called-so", f"{at}?p=2")
        row = desk.model.objects.order_by("pk").first()
        assert row is not None, name
        yield reverse(f"{name}_change", args=[row.pk])
        for act in desk.acts:
            to = [act.name] if act.on_list else [row.pk, act.name]
            yield reverse(f"{name}_{'do' if act.on_list else 'act'}", args=to)
    for key in ("licence", "privacy", "technical"):
        yield f"/admin/contributions/reviewitem/?key={key}"
    for name in SHOWN:
        yield f"/admin/reviews/{s.waiting.pk}/?show={name}"
        yield f"/admin/reviews/{s.weights.pk}/?show={name}"


def opened(browser, s):
    """Pages that this person may see, each with its HTML."""
    for address in addresses(s):
        answer = browser.get(address)
        assert answer.status_code in {200, 302, 403, 404}, address
        if answer.status_code == 200:
            yield address, answer.content.decode()


@pytest.mark.parametrize(("who", "many"), [("olga", 50), ("lena", 20), ("ada", 9)])
def test_pages_keep_the_rules_of_all_pages(full, as_person, who, many):
    found = {a: faults(html) for a, html in opened(as_person(getattr(full, who)), full)}
    assert {address: wrong for address, wrong in found.items() if wrong} == {}
    assert len(found) >= many


def test_the_form_of_a_decision_keeps_them_too(full, as_person):
    browser = as_person(full.lena)
    at = f"/admin/reviews/{full.waiting.pk}/"
    browser.post(f"{at}claim/", {"key": "licence"})
    for address in (at, f"{at}?replies=1", f"{at}?key=privacy"):
        assert faults(browser.get(address).content.decode()) == []
    refused = browser.post(f"{at}decide/", {"key": "licence", "decision": "reject", "head": "0"})
    assert refused.status_code in {400, 409}
    assert faults(refused.content.decode()) == []


def shown(html):
    """Without what is quoted from files or shown as code."""
    without = re.sub(r"<(code|pre|textarea|script|style|title)\b.*?</\1>", " ", html, flags=re.S)
    return without.partition('id="content"')[2]


def words(html):
    return re.sub(r"<[^>]+>", " ", shown(html))


def test_pages_speak_of_the_field_and_not_of_the_program(full, as_person):
    found = {
        address: PROGRAM_WORDS.findall(words(html))
        for address, html in opened(as_person(full.olga), full)
    }
    assert {address: said for address, said in found.items() if said} == {}


def test_pages_in_chinese_hold_no_english_of_ours(full, as_person):
    both = {**of_po(file_of("registry", "po")), **of_po(file_of("contributions", "po"))}
    english = {single for (_, single, _), text in both.items() if single != text}
    quoted = set(Submission.objects.values_list("status_reason", flat=True))
    browser = as_person(full.olga)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    left = {}
    for address, html in opened(browser, full):
        said = {" ".join(text.split()) for text in re.findall(r">([^<]+)<", shown(html))}
        # Names of tasks, splits and columns may be words of ours too.
        left[address] = {t for t in said & english - quoted if " " in t or t[:1].isupper()}
    assert {address: texts for address, texts in left.items() if texts} == {}


def test_no_page_is_heavy(full, as_person):
    sizes = {}
    for address, html in opened(as_person(full.olga), full):
        files = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js))"', html)
        found = [finders.find(name) for name in files]
        loaded = sum(Path(path).stat().st_size for path in found if path)
        sizes[address] = len(html.encode()) + loaded
    assert max(sizes.values()) < LARGEST_PAGE / 2, sizes


def test_no_page_asks_more_than_fifteen_questions(full, as_person, django_assert_max_num_queries):
    browser = as_person(full.olga)
    browser.get("/admin/")  # the first page of a session notes where one is signed in
    cache.clear()
    for address in addresses(full):
        with django_assert_max_num_queries(15):
            browser.get(address)


def test_every_event_has_words(full):
    from registry.admin import words as names
    from registry.models import Event

    verbs = set(Event.objects.verbs())
    assert len(verbs) >= 10
    assert {verb for verb in verbs if verb not in names.VERBS} == set()
    subjects = {
        subject.partition(":")[0] for subject in Event.objects.values_list("subject", flat=True)
    }
    assert subjects - set(names.KINDS) <= {""}
