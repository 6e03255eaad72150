"""Whatever contributors write is shown as text, wherever it stands."""

from __future__ import annotations

import pytest

from contributions.models import Discussion, Finding, Run, Submission, Track
from registry.services import commits, refs
from registry.services.commits import AddFile
from registry.web.rendering import markdown

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>"
EVIL_CARD = """---
license: "<script>alert(3)</script>"
---
# Card <script>alert(1)</script>

![far](https://evil.example/pixel.png) ![near](pictures/a.png)
<svg onload=alert(1)> <a href="https://good.example" onclick="alert(1)">there</a>
[there](https://good.example)
"""


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<!-- note -->\n# A", "<h2>A</h2>\n"),
        ("a\n<!-- one\n\ntwo -->\nb", "<p>a</p>\n<p>b</p>\n"),
        ("a <!-- b --> c", "<p>a  c</p>\n"),
        ("<!-- a --> b", "<p> b</p>\n"),
        ("- <!-- a -->\n- b", "<ul>\n<li></li>\n<li>b</li>\n</ul>\n"),
        ("> <!-- a\n\nb -->", "<blockquote>\n<p>&lt;!-- a</p>\n</blockquote>\n<p>b --&gt;</p>\n"),
        ("<!-- never closed", "<p>&lt;!-- never closed</p>\n"),
        ("`<!-- a -->`", "<p><code>&lt;!-- a --&gt;</code></p>\n"),
        ("    <!-- a -->", "<pre><code>&lt;!-- a --&gt;\n</code></pre>\n"),
        ("```\n<!-- a -->\n```", "<pre><code>&lt;!-- a --&gt;\n</code></pre>\n"),
        ("<!-- <script> -->", ""),
    ],
)
def test_comments_of_html_are_left_out(text, html):
    assert markdown(text) == html


@pytest.fixture
def hostile(scene):
    s = scene
    Submission.objects.filter(pk=s.recipe.pk).update(title=EVIL, status_reason=EVIL)
    Discussion.objects.filter(pk=s.recipe.discussion_id).update(title=EVIL)
    Track.objects.filter(pk=s.track.pk).update(title=EVIL, description=EVIL)
    Run.objects.filter(pk=s.training.pk).update(log=EVIL, reason=EVIL, worker=EVIL)
    Finding.objects.filter(submission=s.pickle).update(message=EVIL, fix=EVIL, rule=EVIL[:60])
    s.discussion = s.weights.discussion
    from contributions.services import discussions

    discussions.comment(s.discussion, author=s.emil, text=EVIL + "\n\n" + EVIL_CARD)
    commits.commit(
        s.plain,
        ref="refs/heads/main",
        author=s.berta,
        title=EVIL,
        message=EVIL,
        operations=[
            AddFile("README.md", EVIL_CARD.encode()),
            AddFile("<img src=x onerror=alert(2)>.txt", EVIL.encode()),
        ],
    )
    refs.create_branch(s.plain, "x\"><script>alert('b')</script>", actor=s.berta)
    return s


def test_no_text_becomes_markup(hostile, as_person, page_rules):
    s, plain = hostile, hostile.plain.get_absolute_url()
    oid = refs.resolve(s.plain).oid
    addresses = [
        "/",
        "/tracks",
        "/tracks/digits",
        "/submissions",
        f"/submissions/{s.recipe.pk}",
        f"/submissions/{s.pickle.pk}",
        f"/runs/{s.training.pk}",
        f"{s.model.get_absolute_url()}/discussions?status=all",
        f"{s.model.get_absolute_url()}/discussions/1",
        plain,
        f"{plain}/tree/main",
        f"{plain}/commits/main",
        f"{plain}/commit/{oid}",
        f"{plain}/blob/main/%3Cimg%20src%3Dx%20onerror%3Dalert(2)%3E.txt",
        "/models?search=%3Cscript%3Ealert(1)%3C/script%3E",
        "/submissions?by=%3Cscript%3E&status=%22%3E%3Cscript%3E",
        "/tracks/digits?sort=%22%3E%3Cscript%3Ealert(1)",
    ]
    for person in (None, s.berta):
        browser = as_person(person)
        for address in addresses:
            response = browser.get(address)
            assert response.status_code == 200, address
            html = response.content.decode()
            assert "<script>alert" not in html, address
            assert "<img src=x" not in html, address
            assert "<iframe" not in html, address
            page_rules(response, address)


def test_a_card_keeps_what_is_harmless():
    html = markdown(EVIL_CARD.split("---\n")[2], images_from="/berta/scratch/resolve/main")
    assert '<img src="/berta/scratch/resolve/main/pictures/a.png" alt="near">' in html
    assert '<a href="https://good.example" rel="nofollow noopener noreferrer">there</a>' in html
    assert "javascript:" not in html.replace("[click](javascript:alert(1))", "")
    assert "<h2>" in html
    assert "<h1>" not in html


def test_an_endless_card_is_cut():
    html = markdown("word " * 100_000)
    assert len(html) < 210_000
    assert "the rest is in the file" in html


@pytest.mark.parametrize("text", ["> " * 3000 + "x", "[" * 5000, "*a " * 20_000, "`" * 9999])
def test_text_made_to_be_slow_is_rendered(text):
    assert markdown(text)
