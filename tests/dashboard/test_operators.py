"""What operators and maintainers do: roles, quarantine, policies, publications; and the trail."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache

from contributions.models import (
    Publication,
    PublicationStatus,
    Run,
    RunKind,
    TrackStatus,
    Usage,
)
from contributions.services import operation
from registry.models import Event, Quarantine, Role, User
from registry.services import accounts, events
from tests.web import scene as scenes


@pytest.fixture(autouse=True)
def _fresh_figures():
    cache.delete("operation:figures")


def text(answer):
    return answer.content.decode()


def person(user, act=""):
    path = f"/admin/registry/user/{user.pk}/"
    return f"{path}{act}/" if act else path


# --- people --------------------------------------------------------------------------------------


def test_an_operator_grants_and_revokes_a_role(scene, as_person):
    browser = as_person(scene.olga)
    page = text(
        browser.post(person(scene.emil, "grant"), {"role": "privacy-reviewer"}, follow=True)
    )
    assert "The role is granted" in page
    grant = scene.emil.role_grants.get()
    assert (grant.role, grant.granted_by) == (Role.PRIVACY_REVIEWER, scene.olga)
    browser.post(person(scene.emil, "revoke"), {"role": "privacy-reviewer"})
    assert not scene.emil.role_grants.exists()
    trail = Event.objects.filter(subject=f"user:{scene.emil.pk}", verb__startswith="role.")
    assert list(trail.order_by("id").values_list("verb", "actor__username")) == [
        ("role.granted", "olga"),
        ("role.revoked", "olga"),
    ]


@pytest.mark.parametrize("who", ["lena", "ada", "emil", "robot"])
def test_nobody_else_grants_a_role(scene, as_person, who):
    someone = getattr(scene, who)
    before = set(someone.role_grants.values_list("role", flat=True))
    browser = as_person(someone)
    refused = browser.post(person(someone, "grant"), {"role": "operator"})
    # A bot cannot even be signed in.
    assert refused.status_code in {302, 403}
    assert set(someone.role_grants.values_list("role", flat=True)) == before


def test_the_last_operator_stays_and_a_bot_becomes_none(scene, as_person):
    accounts.ensure_user(name="robot")
    scene.robot.role_grants.all().delete()
    browser = as_person(scene.olga)
    refused = browser.post(person(scene.olga, "revoke"), {"role": "operator"})
    assert refused.status_code == 400
    assert "the last operator" in text(refused)
    assert "is a bot" in text(browser.post(person(scene.robot, "grant"), {"role": "operator"}))
    assert "Select a valid choice" in text(browser.post(person(scene.emil, "grant"), {"role": "x"}))


def test_somebody_is_kept_out_and_let_in_again(scene, as_person):
    browser = as_person(scene.olga)
    assert "required" in text(browser.post(person(scene.emil, "keep-out"), {"reason": ""}))
    browser.post(person(scene.emil, "keep-out"), {"reason": "Spam."})
    scene.emil.refresh_from_db()
    assert not scene.emil.is_active
    assert Event.objects.get(verb="account.deactivated").data == {"reason": "Spam."}
    assert "kept out" in text(browser.get("/admin/registry/user/?q=emil"))
    browser.post(person(scene.emil, "let-in"), {})
    scene.emil.refresh_from_db()
    assert scene.emil.is_active
    own = browser.post(person(scene.olga, "keep-out"), {"reason": "x"})
    assert "cannot lock yourself out" in text(own)


def test_people_are_found_by_name_role_and_mail(scene, as_person):
    browser = as_person(scene.olga)
    users = "/admin/registry/user/"
    assert "emil" in text(browser.get(f"{users}?q=EMI"))
    assert f"{users}{scene.emil.pk}/" not in text(browser.get(f"{users}?role=licence-reviewer"))
    assert f"{users}{scene.lena.pk}/" in text(browser.get(f"{users}?role=licence-reviewer"))


# --- quarantine ----------------------------------------------------------------------------------


def test_a_repository_is_placed_in_quarantine_and_lifted(scene, as_person):
    browser = as_person(scene.olga)
    at = f"/admin/registry/repository/{scene.plain.pk}"
    assert browser.post(f"{at}/quarantine/", {"reason": " "}).status_code == 400
    browser.post(f"{at}/quarantine/", {"reason": "Malware."})
    placed = Quarantine.objects.get()
    scene.plain.refresh_from_db()
    assert scene.plain.disabled
    assert as_person(scene.emil).get("/berta/scratch").status_code == 403
    browser = as_person(scene.olga)
    again = browser.post(f"{at}/quarantine/", {"reason": "Placed by two at once."})
    assert again.status_code == 400
    assert "Placed by two at once." in text(again)
    assert "Malware." in text(browser.get("/admin/registry/quarantine/?state=open"))
    browser.post(f"/admin/registry/quarantine/{placed.pk}/lift/", {"reason": "A mistake."})
    scene.plain.refresh_from_db()
    assert not scene.plain.disabled
    assert as_person(None).get("/berta/scratch").status_code == 200
    verbs = Event.objects.filter(subject=f"quarantine:{placed.pk}").values_list("verb", flat=True)
    assert set(verbs) == {"repository.quarantined", "repository.quarantine-lifted"}


# --- tracks and publications ----------------------------------------------------------------------


def policy(scene, **more):
    import json

    return {"policy": json.dumps({**scene.track.policy, **more})}


def test_no_maintainer_frees_what_waits_by_asking_for_fewer_keys(scene, as_person, settings):
    """With the technical key alone an open privacy review would have approved by itself."""
    browser, at = as_person(scene.ada), f"/admin/contributions/track/{scene.track.pk}"
    refused = browser.post(f"{at}/policy/", policy(scene, keys=["technical"]))
    assert refused.status_code == 400
    assert "asks for the licence and privacy key" in text(refused)
    scene.track.refresh_from_db()
    assert scene.track.policy["keys"] == ["licence", "privacy"]
    settings.TRACK_LEAST_KEYS = ["licence"]
    browser.post(f"{at}/policy/", policy(scene, keys=["licence"]))
    scene.track.refresh_from_db()
    assert scene.track.policy["keys"] == ["licence"]


def test_an_operator_lets_a_track_ask_for_less_and_its_maintainer_keeps_it_so(scene, as_person):
    at = f"/admin/contributions/track/{scene.track.pk}"
    as_person(scene.olga).post(f"{at}/policy/", policy(scene, keys=["privacy"]))
    as_person(scene.ada).post(f"{at}/policy/", policy(scene, keys=["privacy"], max_steps=7))
    scene.track.refresh_from_db()
    assert (scene.track.policy["keys"], scene.track.policy["max_steps"]) == (["privacy"], 7)


def test_a_maintainer_changes_the_policy_of_their_track(scene, as_person):
    browser = as_person(scene.ada)
    at = f"/admin/contributions/track/{scene.track.pk}"
    assert "finetune_seconds" in text(browser.get(f"{at}/policy/"))
    refused = browser.post(f"{at}/policy/", policy(scene, max_stepps=1))
    assert "did you mean “max_steps”" in text(refused)
    assert "Enter a valid JSON" in text(browser.post(f"{at}/policy/", {"policy": "{"}))
    keys = ["licence", "privacy", "technical"]
    browser.post(f"{at}/policy/", policy(scene, max_steps=50, keys=keys))
    scene.track.refresh_from_db()
    assert (scene.track.policy["max_steps"], scene.track.policy["keys"]) == (50, keys)
    changed = Event.objects.get(verb="track.policy-changed")
    assert changed.actor == scene.ada
    assert changed.data["before"]["max_steps"] == 2000


def test_a_stranger_s_track_is_not_theirs_to_see(scene, as_person):
    accounts.grant_role(scene.emil, Role.LICENCE_REVIEWER, granted_by=None)
    browser = as_person(scene.emil)
    at = f"/admin/contributions/track/{scene.track.pk}"
    assert browser.post(f"{at}/policy/", policy(scene, max_steps=1)).status_code == 403
    assert browser.post(f"{at}/close/", {"reason": "x"}).status_code == 403
    scene.track.refresh_from_db()
    assert scene.track.status == TrackStatus.OPEN


def test_a_benchmark_shows_sizes_and_no_rows(scene, as_person):
    page = text(
        as_person(scene.ada).get(f"/admin/contributions/benchmark/{scene.track.benchmark_id}/")
    )
    assert "M 320, V 240, T 240" in page
    assert "319, 320" not in page


def test_a_publication_shows_its_steps_and_is_tried_again(scene, as_person):
    publication = Publication.objects.first()
    Publication.objects.filter(pk=publication.pk).update(status=PublicationStatus.FAILED)
    at = f"/admin/contributions/publication/{publication.pk}"
    browser = as_person(scene.ada)
    page = text(browser.get(f"{at}/"))
    assert "Plan and steps" in page
    assert "Publish again" in page
    answer = browser.post(f"{at}/again/")
    # No token for that Hub is stored here: the service says so, and nothing is queued.
    assert "no token is stored" in text(answer) or answer.status_code == 302
    assert as_person(scene.emil).post(f"{at}/again/").status_code == 403


# --- the trail and the operation -----------------------------------------------------------------


@pytest.fixture
def trail(scene):
    for number in range(300):
        events.record("test.happened", actor=scene.emil, subject=f"test:{number}")
    events.record("test.other", actor=scene.dora, subject="test:7", repository=scene.model)
    return "/admin/registry/event/"


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("q=test:7", "test.other", "test:8<"),
        ("q=dora+test:7", "test.other", "test.happened<"),
        ("q=EMIL", "test:299", "test.other<"),
        ("verb=test.other", "dora", "test:299"),
        ("actor=dora", "test.other", "test:299"),
        ("subject=test:12", "test:12", "test:13<"),
        ("q=nobody-of-that-name", "Nothing fits", "test:299"),
        ("created_at_from=2001-01-01&created_at_to=2001-01-02", "Nothing fits", "test:299"),
        ("created_at_from=nonsense", "test:299", "Server Error"),
        ("p=3", "test:", "test:299"),
    ],
)
def test_the_trail_is_searched(scene, as_person, trail, query, there, not_there):
    answer = as_person(scene.olga).get(f"{trail}?{query}")
    assert answer.status_code == 200
    _, table, rows = text(answer).partition("<thead>")
    shown = rows if table else text(answer)
    assert there in shown
    assert not_there not in shown


def test_a_line_of_the_trail_shows_all_of_it_harmlessly(scene, as_person, trail):
    line = events.record("x.y", actor=None, subject="s:1", data={"reason": "<script>alert(1)"})
    page = text(as_person(scene.olga).get(f"{trail}{line.pk}/"))
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page


def test_the_trail_is_not_counted_to_its_end(
    scene, as_person, trail, django_assert_max_num_queries
):
    browser = as_person(scene.olga)
    browser.get("/admin/")  # the first page of a session notes where one is signed in
    with django_assert_max_num_queries(8) as asked:
        browser.get(trail)
    counts = [q["sql"] for q in asked.captured_queries if "COUNT(*)" in q["sql"]]
    assert counts
    assert all("LIMIT" in sql for sql in counts)


def test_the_operation_page_shows_failures_by_class(scene, as_person):
    run = scenes.run(scene.waiting, RunKind.BENCHMARK, "failed", failure_class="out-of-memory")
    assert run.finished_at
    page = text(as_person(scene.olga).get("/admin/operation/"))
    assert "ran out of memory" in page
    assert "No worker has been heard of" in page
    figures = operation.figures()
    assert sum(figures.failures["out-of-memory"]) == 1
    assert figures.days[-1] - figures.days[0] == dt.timedelta(days=operation.DAYS - 1)
    assert figures.blobs >= 0


def test_budgets_show_who_used_how_much(scene, as_person):
    Usage.objects.update_or_create(contributor=scene.berta, defaults={"seconds": 7290})
    page = text(as_person(scene.olga).get("/admin/contributions/usage/"))
    assert "2 h 1 min" in page


def test_lists_ask_as_few_questions_for_many_rows(scene, as_person, django_assert_max_num_queries):
    for number in range(120):
        accounts.sign_up(name=f"somebody-{number}", email="", password=None)
    Run.objects.bulk_create(
        Run(kind="check", status="failed", contributor=scene.ada, failure_class="exception")
        for _ in range(200)
    )
    browser = as_person(scene.olga)
    browser.get("/admin/registry/organisation/")
    cache.delete("operation:figures")
    for page in (
        "/admin/",
        "/admin/operation/",
        "/admin/registry/user/?p=2",
        "/admin/registry/repository/",
        "/admin/registry/organisation/",
        "/admin/contributions/track/",
        "/admin/contributions/publication/",
        f"/admin/registry/user/{User.objects.first().pk}/",
        f"/admin/contributions/track/{scene.track.pk}/",
    ):
        with django_assert_max_num_queries(15):
            assert browser.get(page).status_code == 200, page
