"""What hangs on a private repository is told to nobody outside, by no page, file or number."""

from __future__ import annotations

import json

import pytest

from contributions.models import (
    Credit,
    Release,
    ReleasePatch,
    ReleaseStatus,
    Run,
    SubmissionStatus,
    Task,
    Track,
    TrackDataset,
    TrackStatus,
)
from contributions.services import discussions, findable, notification_trail
from registry.services import commits, refs, repositories, search
from registry.services.commits import AddFile
from tests.attacks import crawl
from tests.web import scene as web

CANARY = "zyzzyva"
STARTS = [
    "/", "/home/live", "/models", "/datasets", "/tracks", "/submissions", "/queue", "/queue/live",
    f"/search?q={CANARY}", "/search?q=ada", "/search?q=digits", "/ada", "/berta", "/cyril", "/dora",
    "/tinymodels", "/organisations/tinymodels", "/ada/digits", "/ada/digits/lineage",
    "/ada/digits/credit", "/ada/digits/scores", "/ada/digits/licence", "/datasets/ada/digits-data",
    "/datasets/ada/digits-data/lineage", "/tracks/digits", "/tracks/digits/releases/1",
    "/tracks/digits/leaderboard.csv", "/tracks/digits/leaderboard.json",
    "/tracks/digits/releases/1/evidence.json", "/notifications?show=all", "/submissions/mine",
    "/new", "/submit", "/tracks/new", "/models?sort=gain", "/models?sort=contributors",
    f"/models?search={CANARY}", f"/models?licence={CANARY}", f"/models?tag={CANARY}",
    f"/datasets?search={CANARY}", f"/submissions?track={CANARY}", "/submissions?by=berta",
]  # fmt: skip
API = [
    "me/", "submissions/", "tracks/", "tracks/digits/", "tracks/digits/leaderboard/",
    "tracks/digits/releases/", "tracks/digits/releases/1/", "releases/", "publications/",
    "repositories/", "reviews/", "queue/", "notifications/", f"submissions/?track={CANARY}",
    f"releases/?track={CANARY}", f"repositories/?search={CANARY}", "submissions/?contributor=berta",
]  # fmt: skip


@pytest.fixture
def closed(scene):
    """A private model with a track, and a private dataset that the public track trains with.

    Everything in them is called by one word that stands nowhere else.
    """
    s = scene
    s.hidden = _repository(s, "model")
    s.hidden_data = _repository(s, "dataset")
    s.closed = Track.objects.create(
        repository=s.hidden,
        name=f"{CANARY}-track",
        title=CANARY,
        description=CANARY,
        task=Task.IMAGE_CLASSIFICATION,
        status=TrackStatus.OPEN,
        base_revision=refs.resolve(s.hidden).oid,
        benchmark=s.track.benchmark,
        metric="accuracy",
        created_by=s.ada,
    )
    TrackDataset.objects.create(
        track=s.track, dataset=s.hidden_data, revision=refs.resolve(s.hidden_data).oid
    )
    s.offers = [
        _offer(s, s.hidden, s.closed, "a", s.berta),
        _offer(s, s.hidden_data, s.track, "b", s.cyril),
    ]
    made = Release.objects.create(
        track=s.closed, number=1, status=ReleaseStatus.RELEASED, base_revision="", gain_t=9.0,
        created_by=s.ada, reason=CANARY,
    )  # fmt: skip
    for release, offered in zip((made, s.release), s.offers, strict=True):
        ReleasePatch.objects.create(
            release=release, submission=offered, artifact_revision="", admitted=True, weight=0.9,
            gate_gain=0.1, gate_lower=0.1,
        )  # fmt: skip
        Credit.objects.create(
            release=release, submission=offered, contributor=offered.contributor, weight=0.9,
            amount=1.25, low=1, high=2, first_order=1, formula="x",
        )  # fmt: skip
    # Offered when the track was public to see; its model was closed later.
    s.orphan = _moved_to(s)
    search.store(findable.everything())
    notification_trail.sweep()
    return s


def _repository(s, kind):
    card = f"---\nlicense: {CANARY}\nbase_model: ada/digits\ndatasets: [ada/digits-data]\n---\n"
    made = repositories.create(
        actor=s.ada, namespace=s.ada.namespace, name=CANARY, repo_type=kind, private=True
    )
    commits.commit(
        made, ref="refs/heads/main", author=s.ada, title=CANARY,
        operations=[AddFile("README.md", (card + CANARY).encode()), AddFile(CANARY, b"x")],
    )  # fmt: skip
    return made


def _offer(s, repository, track, name, author):
    offered = web.offer(repository, author, CANARY, {f"{CANARY}-{name}.md": CANARY.encode()})
    discussions.comment(offered.discussion, author=s.ada, text=f"{CANARY} @emil")
    web.put(offered, SubmissionStatus.RELEASED, kind="weights", track=track, reason=CANARY)
    web.run(offered, "finetune", "running", log=CANARY, reason=CANARY)
    web.measured(offered, gain=9.0, width=0.1, metric_gain=0.3)
    return offered


def _moved_to(s):
    offered = web.offer(s.data, s.dora, "A public line", {"data/x.csv": b"a\n"})
    TrackDataset.objects.create(track=s.closed, dataset=s.data, revision=refs.resolve(s.data).oid)
    web.put(offered, SubmissionStatus.QUEUED, kind="data", track=s.closed)
    web.run(offered, "benchmark", "queued")
    return offered


def _starts(s):
    deep = [
        f"/ada/{CANARY}", f"/datasets/ada/{CANARY}", f"/tracks/{CANARY}-track",
        f"/tracks/{CANARY}-track/releases/1", f"/submissions/{s.orphan.pk}",
        f"/submissions?repository=ada/{CANARY}", f"/submit?repository=ada/{CANARY}",
        f"/submissions?track={s.closed.name}",
    ]  # fmt: skip
    for offered in s.offers:
        deep.append(f"/submissions/{offered.pk}")
        deep += [f"/runs/{run.pk}" for run in Run.objects.filter(submission=offered)]
    return deep


def _told(response):
    if response.streaming:
        return b"".join(response.streaming_content).decode(errors="replace")
    return response.content.decode(errors="replace")


def test_an_operator_who_opens_one_thing_sees_all_that_belongs_to_it(closed, as_person):
    """Lists show operators what everybody sees; the page of one thing is not half empty."""
    browser = as_person(closed.vera)
    first, second = (f'href="/submissions/{offered.pk}"' for offered in closed.offers)
    track, data = f'href="/tracks/{CANARY}-track', f'href="/datasets/ada/{CANARY}"'
    for address, there in (
        (f"/tracks/{CANARY}-track/releases/1", first),
        (f"/ada/{CANARY}", first),
        (f"/ada/{CANARY}", track),
        (f"/ada/{CANARY}/scores", first),
        (f"/ada/{CANARY}/credit", track),
        (f"/ada/{CANARY}/lineage", track),
        (f"/datasets/ada/{CANARY}", second),
        ("/tracks/digits", data),
    ):
        assert there in _told(browser.get(address)), (address, there)
    told = browser.get("/api/v1/tracks/digits/").json()["training_data"]
    assert f"ada/{CANARY}" in [row["dataset"] for row in told]
    told = browser.get(f"/api/v1/submissions/{closed.offers[0].pk}/").json()
    assert [line["amount"] for line in told["credit"]] == [1.25]
    assert CANARY not in _told(browser.get("/tracks"))
    assert first not in _told(browser.get("/submissions"))


@pytest.mark.parametrize("who", [None, "emil"])
def test_no_page_tells_of_it(closed, as_person, who):
    s = closed
    browser = as_person(getattr(s, who) if who else None)
    asked = {address for address in (*STARTS, *_starts(s)) if CANARY in address}
    found = []
    for address, response in crawl.site(browser, [*STARTS, *_starts(s)], of_each=2):
        text = _told(response)
        if address in asked:
            # What was asked for is repeated, whether there is such a thing or not.
            text = text.replace(f"{CANARY}-track", "").replace(f"ada/{CANARY}", "")
            plain = _told(browser.get(address.replace(CANARY, "qwertzy")))
            if text.count(CANARY) > plain.count("qwertzy"):
                found.append(address)
        elif CANARY in text and CANARY not in address:
            at = text.index(CANARY)
            found.append(f"{address}: {text[max(0, at - 200) : at + 60]}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("who", [None, "emil"])
def test_no_endpoint_tells_of_it(closed, as_person, who):
    s = closed
    browser = as_person(getattr(s, who) if who else None)
    hidden = {offered.pk for offered in s.offers}
    for path in API:
        answer = browser.get(f"/api/v1/{path}")
        text = answer.content.decode()
        if CANARY in path:
            assert answer.json()["results"] == [], path
        assert CANARY not in text.replace(path, ""), path
        # A release says whose patch brought how much, wherever it was offered: no more than that.
        if answer.status_code == 200 and path.startswith(("submissions", "tracks/digits/lead")):
            named = [row.get("submission", row.get("id")) for row in _rows(answer.json())]
            assert not hidden & {n for n in named if isinstance(n, int)}, path
    for offered in s.offers:
        assert browser.get(f"/api/v1/submissions/{offered.pk}/").status_code in {401, 404}
    shown = browser.get(f"/api/v1/submissions/{s.orphan.pk}/").content.decode()
    assert CANARY not in shown


def _rows(answer):
    if isinstance(answer, dict) and isinstance(answer.get("results"), list):
        return answer["results"]
    return [*answer.get("patches", []), *answer.get("credit", [])]


def test_whoever_may_see_it_does(closed, as_person):
    """The word is really there to be found: else the tests above would show nothing."""
    browser = as_person(closed.ada)
    for address in (f"/ada/{CANARY}", f"/tracks/{closed.closed.name}", "/submissions", "/queue"):
        assert CANARY in _told(browser.get(address)), address
    assert CANARY in json.dumps(browser.get("/api/v1/submissions/").json())


def test_a_private_thing_and_an_absent_one_answer_alike(closed, as_person):
    s = closed
    browser = as_person(s.emil)
    pairs = [
        (f"/ada/{CANARY}", "/ada/qwertzy"),
        (f"/ada/{CANARY}/settings", "/ada/qwertzy/settings"),
        (f"/ada/{CANARY}/edit/main/README.md", "/ada/qwertzy/edit/main/README.md"),
        (f"/tracks/{CANARY}-track", "/tracks/qwertzy-track"),
        (f"/api/v1/tracks/{CANARY}-track/", "/api/v1/tracks/qwertzy-track/"),
        (f"/api/v1/repositories/model/ada/{CANARY}/", "/api/v1/repositories/model/ada/qwertzy/"),
        (f"/submissions?track={CANARY}-track", "/submissions?track=qwertzy-track"),
        (f"/api/v1/submissions/?track={CANARY}-track", "/api/v1/submissions/?track=qwertzy-track"),
        (f"/api/v1/submissions/?repository=ada/{CANARY}",
         "/api/v1/submissions/?repository=ada/qwertzy"),
        (f"/api/v1/submissions/{s.offers[0].pk}/", "/api/v1/submissions/999999/"),
        (f"/submissions/{s.offers[0].pk}", "/submissions/999999"),
    ]  # fmt: skip
    for private, absent in pairs:
        one, other = browser.get(private), browser.get(absent)
        assert one.status_code == other.status_code, private
        assert _plain(one, s) == _plain(other, s), private
    for kind in ("submissions", "tokens", "publications"):
        bodies = [
            {"repository": f"ada/{name}", "revision": "main", "track": f"{name}-track",
             "release": 1, "endpoint": "https://hub.example", "name": "x"}
            for name in (CANARY, "qwertzy")
        ]  # fmt: skip
        told = [
            browser.post(f"/api/v1/{kind}/", body, content_type="application/json")
            for body in bodies
        ]
        assert _plain(told[0], s) == _plain(told[1], s), kind


def _plain(response, s):
    text = _told(response).replace(CANARY, "qwertzy").replace(str(s.offers[0].pk), "999999")
    hide = ("csrfmiddlewaretoken", "x-csrftoken")
    return [line for line in text.splitlines() if not any(h in line.lower() for h in hide)]
