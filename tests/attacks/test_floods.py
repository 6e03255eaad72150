"""Too much of everything: bodies, fields, words, drafts, invitations, comments, cursors."""

from __future__ import annotations

import io
import itertools
import json

import pytest
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from contributions.models import OfferDraft, PatchKind
from contributions.services import discussions, draft_files, drafts
from contributions.services.draft_files import Announced
from contributions.web import previews
from registry.models import Invitation
from registry.services import accounts, refs
from registry.services.commits import AddFile, commit
from registry.services.errors import Conflict, ServiceError, TooLarge


class Endless(io.RawIOBase):
    """A body that nobody should begin to read."""

    def __init__(self):
        self.asked = 0

    def readable(self):
        return True

    def read(self, size=-1):
        self.asked += 1
        return b"x" * min(size if size > 0 else 65536, 65536)


@pytest.mark.parametrize("who", [None, "berta"])
def test_a_page_that_takes_no_files_reads_none(scene, who):
    s = scene
    browser = Client(raise_request_exception=False, enforce_csrf_checks=True)
    if who:
        browser.force_login(s.berta)
    draft = drafts.begin(author=s.berta, repository=s.model, kind=PatchKind.CODE, title="Mine")
    addresses = ["/login", "/settings/theme", "/settings", "/nothing/here", "/submit"]
    if who is None:
        addresses += [f"/submit/{draft.pk}/files"]
    for address in addresses:
        body = Endless()
        answer = browser.generic(
            "POST",
            address,
            content_type="multipart/form-data; boundary=x",
            **{"wsgi.input": body, "CONTENT_LENGTH": "40000000000"},
        )
        assert answer.status_code in {400, 403, 404, 413}, address
        assert body.asked <= 1, address


def test_the_form_for_files_still_takes_large_ones(scene, as_person):
    s = scene
    draft = drafts.begin(author=s.berta, repository=s.model, kind=PatchKind.CODE, title="Mine")
    file = SimpleUploadedFile("a.md", b"x" * 6_000_000)
    answer = as_person(s.berta).post(f"/submit/{draft.pk}/files", {"files": [file]})
    assert answer.status_code == 302
    assert draft.files.get().size == 6_000_000


ODD_BODIES = [
    b"[" * 200_000, b'{"a":' * 100_000, b"{", b"\xff\xfe", b"", b"null", b"1e999999", b'"x"', b"[]",
    b'{"repository": 5}', b'{"repository": {"a": []}, "revision": []}', b"9" * 100_000, b"NaN",
    b'{"repository": "\\ud800", "revision": "\\u0000"}', b'{"revision": "' + b"a" * 3_000_000,
]  # fmt: skip


def test_no_odd_body_is_a_crash(scene):
    s = scene
    client = Client(raise_request_exception=False)
    client.force_login(s.vera)
    draft = drafts.begin(author=s.vera, repository=s.model, kind=PatchKind.CODE, title="Mine")
    for path in (
        "/api/v1/submissions/", "/api/v1/tokens/", f"/api/v1/submissions/{s.draft.pk}/answer/",
        f"/api/v1/submissions/{s.waiting.pk}/reviews/", "/api/v1/publications/",
        "/api/v1/tracks/digits/releases/", "/api/v1/notifications/read/",
        f"/submit/{draft.pk}/files/announce",
    ):  # fmt: skip
        for body in ODD_BODIES:
            answer = client.generic("POST", path, body, content_type="application/json")
            assert answer.status_code < 500, (path, body[:40])


@pytest.mark.slow
def test_no_odd_form_is_a_crash(scene):
    s = scene
    client = Client(raise_request_exception=False)
    client.force_login(s.berta)
    draft = drafts.begin(author=s.berta, repository=s.model, kind=PatchKind.RECIPE, title="Mine")
    bomb = "a: &a [x,x]\n" + "\n".join(f"k{n}: &k{n} [*k{n - 1},*k{n - 1}]" for n in range(1, 40))
    texts = ["\x00", "\ud800", "x" * 100_000, "[" * 5000, "!!python/object:os.system x", bomb, "🙂"]
    addresses = {
        "/settings": ["fullname", "about", "website"],
        "/new": ["name", "namespace", "repo_type"],
        "/tracks/new": ["name", "title", "repository", "task", "policy", "training_data"],
        f"/submit/{draft.pk}/what": ["title", "description", "track", "adapter", "kind"],
        f"/submit/{draft.pk}/recipe": ["text", "method", "epochs", "learning_rate", "lora_r"],
        f"/submit/{draft.pk}/licence": ["choice", "name", "text", "derived_from"],
        "/ada/digits/edit/main/README.md": ["text", "title", "base"],
        "/ada/digits/edit/main/recipe.yaml": ["text", "title", "base"],
        "/ada/digits/discussions/new": ["title", "description"],
        f"/submissions/{s.draft.pk}/comment": ["text", "comment"],
        "/notifications/read": ["read", "unread", "query"],
        "/settings/tokens": ["name", "scope", "expires"],
        "/organisations/new": ["name", "fullname"],
    }
    acts = itertools.cycle(["look", "next", "preview", "check"])
    for address, fields in addresses.items():
        for text in texts:
            form = {field: text.encode(errors="surrogatepass") for field in fields}
            answer = client.post(address, {**form, "do": next(acts)})
            assert answer.status_code < 500, (address, text[:20])
    many = "&".join(f"f{n}=1" for n in range(5000))
    kind = "application/x-www-form-urlencoded"
    assert client.generic("POST", "/settings", many, content_type=kind).status_code in {400, 413}


def test_previews_show_what_could_be_sent_and_come_to_an_end(scene, as_person):
    """A text can be made to take a second; that it is another text each time does not help."""
    browser = as_person(scene.emil)
    thread = discussions.open_discussion(
        scene.model, author=scene.emil, title="Slow?", description="words"
    )
    at, first = thread.get_absolute_url(), thread.events.get()
    doors = {
        f"{at}/answer": {"comment": ""},
        f"{at}/comments/{first.pk}/edit": {"comment": ""},
        "/ada/digits/discussions/new": {"title": "T", "description": ""},
        "/ada/digits/edit/main/README.md": {"text": "", "title": "T", "base": scene.head.oid},
    }
    shown, refused = 0, 0
    for number in range(6):
        for address, form in doors.items():
            field = next(name for name, value in form.items() if not value)
            text = "![" * 120_000 if number == 0 else f"nonce **{number}**"
            sent = browser.post(address, {**form, field: text, "do": "preview"})
            shown += f"<strong>{number}</strong>" in sent.text
            refused += "many previews within a minute" in sent.text
            if number == 0:
                assert sent.status_code == 400, address
    assert (shown, refused) == (previews.MOST, 20 - previews.MOST)
    other = as_person(scene.dora).post(f"{at}/answer", {"comment": "**x**", "do": "preview"})
    assert "<strong>x</strong>" in other.text


def test_no_odd_question_is_a_crash_or_hangs(scene, as_person):
    s = scene
    browser = as_person(s.vera)
    browser.raise_request_exception = False
    odd = ["a" * 8000, "a " * 4000, "(" * 8000, "%" * 5000, "\\" * 5000, "'\";--", "½",
           "-1", "9" * 400, "1e5", "\x1b[31m", "‮", "𝟙"]  # fmt: skip
    for text in odd:
        for address, names in {
            "/search": ["q", "kind", "page"], "/models": ["search", "tag", "sort", "page"],
            "/submissions": ["q", "by", "track", "repository", "page", "status"],
            "/tracks/digits": ["sort", "page"], f"/runs/{s.training.pk}": ["q"],
            f"/runs/{s.training.pk}/log/more": ["after"], "/notifications": ["kind", "page"],
            "/admin/registry/event/": ["q", "p"], "/api/v1/submissions/": ["cursor", "limit"],
            "/api/v1/repositories/": ["cursor", "search"], "/ada/digits/commits/main": ["page"],
            "/ada/digits/blob/main/README.md": ["page"], "/submit": ["repository", "track"],
        }.items():  # fmt: skip
            answer = browser.get(address, dict.fromkeys(names, text))
            assert answer.status_code < 500, (address, text[:20])


@pytest.mark.timeout(30)
def test_a_search_for_a_million_characters_is_answered(scene, as_person):
    for text in ("a" * 1_000_000, "a " * 500_000, "\u4e2d" * 300_000):
        assert as_person(None).get("/search", {"q": text}).status_code == 200


def test_a_cursor_that_was_changed_shows_nothing_more(scene, as_person):
    s = scene
    browser = as_person(None)
    first = browser.get("/api/v1/submissions/?limit=2").json()
    cursor = first["next"].partition("cursor=")[2].partition("&")[0]
    for odd in (cursor[:-2], cursor + "AAAA", cursor[::-1], "e30=", "W10=", "bnVsbA==", "%00", "é"):
        answer = browser.get(f"/api/v1/submissions/?limit=2&cursor={odd}")
        assert answer.status_code in {200, 400}, odd
        for row in answer.json().get("results", []):
            assert row["repository"] in {str(s.model), str(s.data), str(s.plain)}


# --- many --------------------------------------------------------------------------------------


def test_nobody_keeps_drafts_and_files_without_end(scene):
    s = scene
    one = drafts.begin(author=s.berta, repository=s.model, kind=PatchKind.CODE, title="Mine")
    with pytest.raises(TooLarge):
        draft_files.announce(
            one, [Announced(f"{n}.md", 1, f"{n:064x}") for n in range(draft_files.MOST_FILES + 1)]
        )
    OfferDraft.objects.bulk_create(
        OfferDraft(author=s.berta, repository=s.model, title="x")
        for _ in range(drafts.MOST_DRAFTS - 1)
    )
    with pytest.raises(Conflict):
        drafts.begin(author=s.berta, repository=s.model, kind=PatchKind.CODE, title="One more")


def test_nobody_sends_invitations_without_end(scene, mailoutbox):
    s = scene
    accounts.create_organisation(name="lab", actor=s.berta)
    client = Client()
    client.force_login(s.berta)
    for number in range(40):
        client.post("/organisations/lab", {"whom": f"p{number}@example.org", "role": "read"})
    assert Invitation.objects.count() == 30
    assert len(mailoutbox) <= 30


def test_a_comment_is_not_rewritten_without_end(scene):
    from contributions.services import discussions

    s = scene
    said = discussions.comment(s.weights.discussion, author=s.berta, text="x")
    for number in range(50):
        discussions.edit_comment(said, editor=s.berta, text=f"{number}")
    with pytest.raises(Conflict, match="too often"):
        discussions.edit_comment(said, editor=s.berta, text="once more")
    long = discussions.comment(s.weights.discussion, author=s.berta, text="x" * 60_000)
    for number in range(8):
        discussions.edit_comment(long, editor=s.berta, text=f"{number}" + "x" * 60_000)
    with pytest.raises(Conflict, match="too often"):
        discussions.edit_comment(long, editor=s.berta, text="short")


def test_many_comments_are_one_mail(scene, mailoutbox):
    from contributions.services import discussions, mail, notification_trail
    from registry.models import User

    s = scene
    User.objects.filter(pk=s.berta.pk).update(email="berta@example.org")
    EmailAddress.objects.create(user=s.berta, email="berta@example.org", verified=True)
    notification_trail.sweep()
    for number in range(40):
        discussions.comment(s.weights.discussion, author=s.emil, text=f"{number}")
    notification_trail.sweep()
    mail.deliver()
    assert not [m for m in mailoutbox if "comment" in m.subject]


# --- files made to be heavy -----------------------------------------------------------------------


def _bombs():
    import pyarrow as arrow
    from pyarrow import parquet

    table = arrow.table({"a": arrow.array(["x" * 1_000_000] * 300)})
    zeros = io.BytesIO()
    parquet.write_table(table, zeros, compression="zstd")
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    wide = json.dumps({f"t{n}": {**tensor, "shape": [2**47] * 8} for n in range(9000)}).encode()
    deep = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
    return {
        "zip.parquet": zeros.getvalue(),
        "cut.parquet": zeros.getvalue()[:200] + b"PAR1",
        "wide.safetensors": len(wide).to_bytes(8, "little") + wide,
        "long.safetensors": (2**63 - 1).to_bytes(8, "little") + b"{}",
        "deep.safetensors": len(deep).to_bytes(8, "little") + deep,
        "deep.json": deep,
        "numbers.json": b"[" + b"9" * 400_000 + b"]",
        "deep.jsonl": deep + b"\n" + deep,
        "wide.csv": b"," * 300_000 + b"\n" + b'"' + b"x" * 500_000,
        "quotes.csv": b'"' * 300_000,
        "line.txt": b"x" * 3_000_000,
        "lines.txt": b"\n" * 2_000_000,
        "marks.md": b"[" * 50_000 + b"![](" * 20_000 + b"*a_" * 20_000 + b"> " * 20_000,
        "table.md": b"|" * 60_000 + b"\n" + b"|-" * 60_000,
        "links.md": b"".join(b"[%d]: x\n" % n for n in range(20_000)) + b"[1][2]" * 9000,
        "README.md": b"---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n---\n",
    }


@pytest.mark.slow
def test_no_file_makes_its_page_hang_or_fail(scene, as_person):
    s = scene
    bombs = _bombs()
    before = refs.resolve(s.plain).oid
    for half in (1, 2):
        commit(
            s.plain,
            ref="refs/heads/main",
            author=s.berta,
            title="Heavy",
            operations=[AddFile(path, content * half) for path, content in bombs.items()],
        )
    browser = as_person(s.berta)
    browser.raise_request_exception = False
    at = s.plain.get_absolute_url()
    after = refs.resolve(s.plain).oid
    pages = [f"{at}/blob/main/{path}{query}" for path in bombs for query in ("", "?plain=1")]
    for page in [*pages, at, f"{at}/compare/{before}...{after}", f"{at}/commit/{after}"]:
        answer = browser.get(page)
        assert answer.status_code < 500, page
        assert len(answer.content) < 300_000, page


def test_no_name_of_a_file_leaves_its_folder(scene):
    s = scene
    draft = drafts.begin(author=s.berta, repository=s.model, kind=PatchKind.CODE, title="Mine")
    odd = ["../x.md", "/etc/x", "a/../../x", ".git/config", "a//b", "\x00", "a\nb", "a" * 3000]
    for path in [*odd, "./x", "a/.git/x"]:
        try:
            rows, refused = draft_files.announce(draft, [Announced(path, 1, "a" * 64)])
        except ServiceError:
            continue
        assert refused, path
        assert not rows, path
