"""The site in Chinese: nothing is left in English, and programs never read Chinese."""

from __future__ import annotations

import datetime as dt
import json
import re
from html.parser import HTMLParser

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as outbox
from django.template import Context, Template
from django.test import Client
from django.utils import translation

from contributions.models import (
    Decision,
    Key,
    NotificationKind,
    ReasonCode,
    Submission,
    SubmissionStatus,
)
from contributions.services import mail, notifications, reviews
from contributions.web.docs import PAGES, document
from registry.models import User
from registry.templatetags.figures import in_words, short_day
from tests.web.catalogs import PACKAGES, file_of, of_mo, of_po, wanted

ZH = {"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}")
TAG = re.compile(r"</?[a-z][^>]*>")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_text_has_a_translation_and_no_translation_is_left_over(package):
    texts, translated = wanted(package), of_po(file_of(package, "po"))
    missing = {m: where for m, where in texts.items() if not translated.get(m)}
    assert not missing, "run makemessages and translate, as the README says"
    left_over = set(translated) - set(texts)
    assert not left_over


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_compiled_is_what_was_translated(package):
    assert of_mo(file_of(package, "mo")) == of_po(file_of(package, "po"))
    assert "fuzzy" not in file_of(package, "po").read_text(encoding="utf-8")


@pytest.mark.parametrize("package", PACKAGES)
def test_translations_keep_placeholders_and_tags(package):
    for (_, single, plural), text in of_po(file_of(package, "po")).items():
        source = plural or single
        assert set(PLACEHOLDER.findall(source)) == set(PLACEHOLDER.findall(text)), source
        assert sorted(TAG.findall(source)) == sorted(TAG.findall(text)), source
        assert source[:1].isspace() == text[:1].isspace(), source


def test_one_text_has_one_translation_on_the_whole_site():
    first, second = (of_po(file_of(package, "po")) for package in PACKAGES)
    differing = {m for m in set(first) & set(second) if first[m] != second[m]}
    assert not differing


class _Texts(HTMLParser):
    """What a reader sees or hears, piece by piece; code and what people wrote are left out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in {"code", "pre", "script", "style"}:
            self._inside.append(tag)
        said = {"title", "placeholder", "aria-label", "alt"}
        self.found |= {" ".join((v or "").split()) for k, v in attributes if k in said}

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.found.add(" ".join(data.split()))


def _english() -> set[str]:
    """Texts that read differently in Chinese."""
    both = {**of_po(file_of("registry", "po")), **of_po(file_of("contributions", "po"))}
    return {single for (_, single, _), text in both.items() if single != text}


PAGES_TO_READ = [
    (None, "/"),
    (None, "/tracks"),
    (None, "/tracks/digits"),
    (None, "/submissions"),
    (None, "/models"),
    (None, "/ada/digits"),
    (None, "/ada/digits/tree/main"),
    (None, "/ada/digits/discussions"),
    (None, "/queue"),
    (None, "/search?q=digits"),
    (None, "/about"),
    (None, "/docs"),
    (None, "/login"),
    (None, "/signup"),
    (None, "/no/such/page"),
    ("berta", "/submissions/mine"),
    ("berta", "/submit"),
    ("berta", "/settings"),
    ("berta", "/settings/tokens"),
    ("berta", "/settings/notifications"),
    ("berta", "/settings/account"),
    ("berta", "/notifications"),
    ("berta", "/new"),
    ("ada", "/tracks/new"),
    ("lena", "/admin/"),
    ("lena", "/admin/contributions/reviewitem/"),
    ("lena", "/admin/contributions/review/"),
]


def test_pages_in_chinese_hold_no_english_of_ours(scene, as_person):
    # Reasons are kept as they were written, and quoted so.
    english = _english() - set(Submission.objects.values_list("status_reason", flat=True))
    pages = [*PAGES_TO_READ, ("berta", scene.weights.get_absolute_url())]
    pages += [(None, scene.release.get_absolute_url())]
    left = {}
    for who, path in pages:
        client = as_person(who and getattr(scene, who))
        html = client.get(path, headers=ZH).content.decode()
        assert '<html lang="zh-hans"' in html, path
        # Names of people, tasks and columns may be words of ours too.
        left[path] = {t for t in _Texts(html).found & english if " " in t or t[:1].isupper()}
    assert not {path: texts for path, texts in left.items() if texts}


def test_the_language_is_switched_by_a_button_and_kept(scene, as_person):
    client = Client()
    assert '<html lang="en"' in client.get("/").content.decode()
    answer = client.post("/settings/language", {"language": "zh-hans", "next": "/tracks"})
    assert answer.status_code == 302
    assert answer["Location"] == "/tracks"
    html = client.get("/tracks", headers={"accept-language": "en"}).content.decode()
    assert '<html lang="zh-hans"' in html
    assert "赛道" in html
    client.post("/settings/language", {"language": "en", "next": "/"})
    assert '<html lang="en"' in client.get("/", headers=ZH).content.decode()
    as_person(scene.berta).post("/settings/language", {"language": "zh-hans", "next": "/"})
    assert User.objects.get(pk=scene.berta.pk).language == "zh-hans"


def test_a_language_that_we_do_not_speak_is_answered_in_english(db):
    html = Client().get("/", headers={"accept-language": "fr"}).content.decode()
    assert '<html lang="en"' in html


def test_programs_are_answered_in_english(scene, as_person):
    for client in (Client(), as_person(scene.berta)):
        for path in (
            f"/api/v1/submissions/{scene.weights.pk}/",
            "/api/v1/submissions/999999/",
            "/api/v1/tracks/digits/",
            "/api/models/ada/digits",
            "/api/models/ada/nothing",
            "/tracks/digits/leaderboard.csv",
            "/tracks/digits/leaderboard.json",
        ):
            client.cookies["django_language"] = "en"
            said = _said(client.get(path))
            client.cookies["django_language"] = "zh-hans"
            in_chinese = _said(client.get(path, headers=ZH))
            assert not re.search(r"[\u4e00-\u9fff]", in_chinese), path
            assert set(_keys(said)) == set(_keys(in_chinese)), path
    told = json.loads(Client().get(f"/api/v1/submissions/{scene.weights.pk}/", headers=ZH).content)
    assert told["status_label"] == "released"


def _said(response) -> str:
    content = response.getvalue() if response.streaming else response.content
    return content.decode()


def _keys(text: str) -> list[str]:
    return re.findall(r'"(\w+)":', text)


def test_what_is_kept_is_english_whatever_the_reviewer_reads(scene):
    with translation.override("zh-hans"):
        given = reviews.review(
            scene.waiting,
            reviewer=scene.paul,
            key=Key.PRIVACY,
            decision=Decision.REJECT,
            reason_code=ReasonCode.PERSONAL_DATA,
            text="Names of customers.",
        )
    scene.waiting.refresh_from_db()
    assert scene.waiting.status == SubmissionStatus.REJECTED
    assert "holds personal data" in scene.waiting.status_reason
    assert "holds personal data" in given.said
    kept = [scene.waiting.status_reason, given.said]
    assert not re.search(r"[\u4e00-\u9fff]", " ".join(kept))


def test_mails_are_in_the_language_of_whom_they_go_to(scene):
    for name, language in (("berta", "zh-hans"), ("cyril", "en")):
        User.objects.filter(username=name).update(
            email=f"{name}@example.org", language=language, fullname=""
        )
    for person in User.objects.filter(username__in=["berta", "cyril"]):
        EmailAddress.objects.create(user=person, email=person.email, verified=True)
        notifications.tell(
            person, NotificationKind.FAILED, title="Seeds", url="/submissions/1", about="1"
        )
    with translation.override("en"):
        assert mail.deliver() == 2
    said = {sent.to[0]: sent.body for sent in outbox.outbox}
    assert "berta，您好：" in said["berta@example.org"]
    assert "不再接收此类邮件" in said["berta@example.org"]
    assert "Hello cyril," in said["cyril@example.org"]


def test_times_and_days_are_written_as_the_language_writes_them():
    with translation.override("zh-hans"):
        assert in_words(200) == "3分钟"
        assert short_day(dt.datetime(2026, 11, 3, tzinfo=dt.UTC)) == "2026年11月3日"
    with translation.override("en"):
        assert in_words(61) == "1 minute"
        assert in_words(200) == "3 minutes"
        assert short_day(dt.datetime(2026, 11, 3, tzinfo=dt.UTC)) == "3 Nov 2026"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "7 December 2026, 19:55 | 7 Dec 2026, 19:55 | 7 December 2026 | 19:55"),
        ("zh-hans", "2026年12月7日 19:55 | 2026年12月7日 19:55 | 2026年12月7日 | 19:55"),
    ],
)
def test_templates_write_dates_the_british_way_in_english_only(language, words):
    moment = dt.datetime(2026, 12, 7, 19, 55, tzinfo=dt.UTC)
    shapes = '{{ at }} | {{ at|date:"SHORT_DATETIME_FORMAT" }} | {{ at|date }} | {{ at|time }}'
    with translation.override(language):
        assert Template(shapes).render(Context({"at": moment})) == words


@pytest.mark.parametrize("slug", PAGES)
def test_the_documentation_says_the_same_in_chinese(slug):
    english, chinese = (document(slug, language) for language in ("en", "zh-hans"))
    assert chinese.language == "zh-hans"
    assert re.search(r"[\u4e00-\u9fff]", chinese.summary)
    for same in (
        r"(?ms)^```.*?^```",
        r"(?m)^\|(?=.)",
        r"\]\((/[^)]*)\)",
        r"(?m)^## ",
        r"(?m)^(?:\*|\d\.) ",
        r"`([^`\n]+)`",
    ):
        found = [sorted(re.findall(same, page.body)) for page in (english, chinese)]
        assert found[0] == found[1], (slug, same)
