"""Every page of the dashboard for every role, and what opens none."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from registry.models import Role
from registry.services import accounts, quarantine, tokens

MODELS = sorted(m._meta.label_lower for m in admin.site._registry)
REVIEWING = {"contributions.reviewitem", "contributions.review", "contributions.cannedreply"}
KEEPING = {"contributions.track", "contributions.benchmark", "contributions.publication"}
EXTRA = {"review": REVIEWING, "operation": set(), "index": None}


def lists():
    return [reverse(f"admin:{label.replace('.', '_')}_changelist") for label in MODELS]


def opened_by(browser):
    return {
        label
        for label, address in zip(MODELS, lists(), strict=True)
        if browser.get(address).status_code == 200
    }


def test_it_knows_its_own_desks_only():
    assert set(MODELS) == REVIEWING | KEEPING | {
        "contributions.usage",
        "registry.event",
        "registry.organisation",
        "registry.quarantine",
        "registry.repository",
        "registry.user",
    }


def test_an_operator_opens_every_list(scene, as_person):
    assert opened_by(as_person(scene.olga)) == set(MODELS)


@pytest.mark.parametrize("who", ["lena", "paul", "tina"])
def test_a_reviewer_opens_what_reviews_need(scene, as_person, who):
    browser = as_person(getattr(scene, who))
    assert opened_by(browser) == REVIEWING
    assert browser.get("/admin/").status_code == 200
    assert browser.get("/admin/operation/").status_code == 403


def test_a_maintainer_of_a_track_opens_what_tracks_need(scene, as_person):
    browser = as_person(scene.ada)
    assert opened_by(browser) == KEEPING
    assert browser.get("/admin/").status_code == 200
    assert browser.get(f"/admin/contributions/track/{scene.track.pk}/").status_code == 200
    assert browser.get(f"/admin/reviews/{scene.waiting.pk}/").status_code == 403


@pytest.mark.parametrize("who", ["berta", "emil"])
def test_without_a_role_nothing_opens(scene, as_person, who):
    browser = as_person(getattr(scene, who))
    assert opened_by(browser) == set()
    assert browser.get("/admin/").status_code == 403


def test_a_stranger_is_sent_to_sign_in(scene, as_person):
    browser = as_person(None)
    for address in ["/admin/", "/admin/operation/", "/admin/login/", *lists()]:
        answer = browser.get(address)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith("/login?next="), address


def test_a_bot_never_enters_and_a_token_is_no_key(scene, as_person):
    assert opened_by(as_person(scene.robot)) == set()
    secret = "hf_operator_secret_value_0000000000"
    tokens.issue(scene.olga, name="t", scope="write", secret=secret)
    answer = Client().get("/admin/", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 302


def test_whoever_is_kept_out_is_out_at_once(scene, as_person):
    browser = as_person(scene.lena)
    assert browser.get("/admin/").status_code == 200
    scene.lena.is_active = False
    scene.lena.save()
    assert browser.get("/admin/").status_code == 302


def test_a_superuser_flag_opens_nothing(scene, as_person):
    scene.emil.is_superuser = scene.emil.is_staff = True
    scene.emil.save()
    assert as_person(scene.emil).get("/admin/").status_code == 403


def rows(scene):
    quarantine.place(scene.plain, actor=scene.olga, reason="A test.")
    scene.plain.refresh_from_db()
    for label in MODELS:
        found = admin.site._registry[_model(label)].model.objects.first()
        if found is not None:
            yield label, found


def _model(label):
    return next(m for m in admin.site._registry if m._meta.label_lower == label)


def test_every_row_and_every_act_has_a_page_that_changes_nothing_by_looking(scene, as_person):
    browser = as_person(scene.olga)
    seen = 0
    for label, row in rows(scene):
        name = f"admin:{label.replace('.', '_')}"
        answer = browser.get(reverse(f"{name}_change", args=[row.pk]))
        assert answer.status_code in {200, 302}, label
        for act in admin.site._registry[type(row)].acts:
            if act.on_list:
                address = reverse(f"{name}_do", args=[act.name])
            else:
                address = reverse(f"{name}_act", args=[row.pk, act.name])
            answer = browser.get(address)
            assert answer.status_code in {200, 403}, address
            seen += answer.status_code == 200
    assert seen >= 8
    assert scene.emil.role_grants.count() == 0


def test_django_s_own_forms_are_not_there(scene, as_person):
    browser = as_person(scene.olga)
    track = scene.track.pk
    for address in (
        "/admin/contributions/track/add/",
        f"/admin/contributions/track/{track}/delete/",
        f"/admin/contributions/track/{track}/history/",
        f"/admin/contributions/track/{track}/change/",
        "/admin/password_change/",
        "/admin/search/?s=a&page=x",
        "/admin/nothing/",
        "/admin/registry/user/no-number/",
    ):
        assert browser.get(address).status_code in {403, 404}, address
        assert browser.post(address, {"name": "x"}).status_code in {403, 404}, address
    assert browser.post(f"/admin/contributions/track/{track}/", {"name": "x"}).status_code == 403
    assert browser.post("/admin/contributions/track/", {"action": "delete"}).status_code == 403


def test_a_form_of_another_site_is_refused(scene):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(scene.olga)
    address = f"/admin/registry/user/{scene.emil.pk}/grant/"
    assert browser.post(address, {"role": Role.OPERATOR.value}).status_code == 403
    claim = f"/admin/reviews/{scene.waiting.pk}/claim/"
    assert browser.post(claim, {"key": "licence"}).status_code == 403
    assert not scene.emil.role_grants.exists()


def test_its_policy_of_scripts_is_as_strict_as_everywhere(scene, as_person):
    browser = as_person(scene.olga)
    policy = browser.get("/admin/")["Content-Security-Policy"]
    assert policy == browser.get("/")["Content-Security-Policy"]
    assert "unsafe" not in policy


def test_it_speaks_chinese(scene, as_person, settings):
    from django.utils import translation

    browser = as_person(scene.olga)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    with translation.override("en"):
        page = browser.get("/admin/").content.decode()
    assert 'lang="zh-hans"' in page


def test_a_maintainer_of_an_organisation_s_track_enters(scene, as_person):
    organisation = accounts.create_organisation(name="lab", actor=scene.emil)
    scene.track.repository.namespace = organisation.namespace
    scene.track.repository.save()
    assert opened_by(as_person(scene.emil)) == KEEPING
