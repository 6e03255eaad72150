"""A folder goes up from a real browser: hashed, interrupted, resumed, sent."""

from __future__ import annotations

import base64
import hashlib
import random

import pytest

from contributions.models import OfferDraft, Submission
from registry.services import commits
from registry.services.commits import AddFile
from tests.browser import PHONE, opened, sign_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
MB = 1_000_000


@pytest.fixture
def people(live_db):
    from tests.contributions.cast import Cast

    return Cast()


@pytest.fixture
def model(people):
    from tests.contributions.machines import BASE

    licence = AddFile("LICENSE", b"MIT License, all of it.")
    recipe = AddFile("recipe.yaml", b"version: 1\nmethod: full\nepochs: 2\nlearning_rate: 0.001\n")
    people.push(people.model, *BASE, licence, recipe, by=people.berta)
    return people.model


@pytest.fixture
def folder(tmp_path):
    """Weights of three parts, and a file in a folder of its own."""
    chance = random.Random(0)
    (tmp_path / "mine" / "docs").mkdir(parents=True)
    (tmp_path / "mine/model.safetensors").write_bytes(chance.randbytes(20 * MB))
    (tmp_path / "mine/docs/how.md").write_text("# How\n")
    (tmp_path / "mine/.DS_Store").write_bytes(b"junk")
    return tmp_path / "mine"


def test_a_folder_is_uploaded_interrupted_resumed_and_sent(
    live_db, chromium, people, model, folder
):
    site = live_db
    page = opened(chromium)
    sign_in(page, site, people.ada)
    page.goto(f"{site.url}/submit?repository=berta/digits")
    page.get_by_label("new weights").check()
    page.get_by_label("Title").fill("Trained longer")
    page.get_by_role("button", name="Save and go on").click()
    draft = OfferDraft.objects.get()

    # The connection goes after the first part of the large file.
    sent = []

    def part(route):
        number = int(route.request.url.rsplit("/", 1)[1])
        large = route.request.post_data_buffer and len(route.request.post_data_buffer) > MB
        if large and number > 1:
            route.abort()
        else:
            sent.append(number)
            route.continue_()

    page.route("**/parts/*", part)
    page.set_input_files("#folder-input", folder)
    page.wait_for_selector("#trouble:not([hidden])", timeout=60_000)
    assert "what has arrived stays" in page.text_content("#trouble")
    large = draft.files.get(path="model.safetensors")
    assert 0 < large.received < large.size

    # A reload loses what the page knew; the same folder goes on where it was.
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{site.url}/submit/{draft.pk}/files")
    assert "8 MB so far" in page.text_content("#rows")
    page.unroute("**/parts/*")
    again = []
    page.on("request", lambda r: again.append(r.url) if "/parts/" in r.url else None)
    page.set_input_files("#folder-input", folder)
    page.wait_for_selector("text=All files have arrived.", timeout=60_000)
    numbers = [int(url.rsplit("/", 1)[1]) for url in again if f"/files/{large.pk}/" in url]
    assert numbers == [2, 3], "what is there is not sent again"
    kept = {file.path: file for file in draft.files.select_related("blob")}
    assert sorted(kept) == ["docs/how.md", "model.safetensors"]
    for path, file in kept.items():
        assert file.blob.sha256 == hashlib.sha256((folder / path).read_bytes()).hexdigest()

    page.get_by_role("link", name="Go on").click()
    page.get_by_label("no", exact=True).check()
    page.get_by_label("Where the data come from").fill("Our own sentences.")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("button", name="Send it").click()
    page.wait_for_selector("text=It is offered.")
    submission = Submission.objects.exclude(discussion=None).get()
    assert page.url == f"{site.url}/submissions/{submission.pk}"
    head = commits.resolve(model, submission.head_revision)
    assert {c.path for c in head.changes.all()} == {"docs/how.md", "model.safetensors"}
    said = [text for text in page.complaints if "ERR_FAILED" not in text]
    assert not said, said


def test_uploads_can_be_paused_stopped_and_removed(live_db, chromium, people, model, folder):
    site = live_db
    page = opened(chromium)
    sign_in(page, site, people.ada)
    page.goto(f"{site.url}/submit?repository=berta/digits")
    page.get_by_label("Title").fill("Trained longer")
    page.get_by_role("button", name="Save and go on").click()
    draft = OfferDraft.objects.get()
    waiting = []
    page.route("**/parts/1", lambda route: waiting.append(route))
    page.set_input_files("#files", [folder / "model.safetensors"])
    while not waiting:
        page.wait_for_timeout(50)
    page.get_by_role("button", name="Pause").click()
    assert page.text_content("#total-label") == "paused"
    page.unroute("**/parts/1")
    page.get_by_role("button", name="Go on", exact=True).click()
    page.wait_for_selector("text=All files have arrived.", timeout=60_000)
    page.get_by_role("button", name="Remove model.safetensors").click()
    page.wait_for_function("() => !document.querySelector('#rows tr')")
    assert not draft.files.exists()


def test_hashes_are_those_of_sha256_whatever_the_length(live_db, chromium, people, model):
    site = live_db
    page = opened(chromium)
    sign_in(page, site, people.ada)
    page.goto(f"{site.url}/submit")
    chance = random.Random(1)
    lengths = [*range(130), 1000, 4 * 1024 * 1024 - 1, 4 * 1024 * 1024, 4 * 1024 * 1024 + 65]
    contents = [chance.randbytes(length) for length in lengths]
    expected = [hashlib.sha256(content).hexdigest() for content in contents]
    found = page.evaluate(
        """async (lists) => {
          const worker = new Worker("/static/contributions/hash-worker.js");
          const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
          const files = lists.map((text) => new Blob([bytes(text)]));
          const found = [];
          for (const file of files) found.push(await new Promise((done) => {
            worker.onmessage = ({data}) => { if (data.digest) done(data.digest); };
            worker.postMessage({id: 1, file});
          }));
          return found;
        }""",
        [base64.b64encode(content).decode() for content in contents],
    )
    assert found == expected


def test_a_recipe_is_judged_live(live_db, chromium, people, model):
    site = live_db
    page = opened(chromium)
    sign_in(page, site, people.ada)
    page.goto(f"{site.url}/submit?repository=berta/digits&kind=recipe")
    page.get_by_label("Title").fill("More epochs")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_label("Epochs").fill("many")
    page.wait_for_selector("#result >> text=must be a number above 0")
    page.get_by_label("Epochs").fill("9")
    page.wait_for_selector("#result >> text=The training program takes this recipe.")
    assert "epochs: 9" in page.text_content("#result pre")
    assert not page.complaints


def test_no_step_is_wider_than_a_phone(live_db, chromium, people, model):
    site = live_db
    page = opened(chromium, viewport=PHONE)
    sign_in(page, site, people.ada)
    page.goto(f"{site.url}/submit?repository=berta/digits")
    page.get_by_label("Title").fill("Trained longer")
    page.get_by_role("button", name="Save and go on").click()
    step = f"/submit/{OfferDraft.objects.get().pk}"
    for address in (
        "/new", "/submit", "/submit?repository=berta/digits", f"{step}/what", f"{step}/files",
        f"{step}/licence", f"{step}/recipe", f"{step}/check", "/tracks/new",
        "/berta/digits/edit/main/README.md",
    ):  # fmt: skip
        page.goto(site.url + address)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"], address
    assert not page.complaints
