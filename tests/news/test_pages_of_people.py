"""People and organisations: profile, work, credit over time."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contributions.models import Credit, Release, ReleaseStatus, Track
from contributions.web.credit_chart import Gain, credit_chart
from registry.models import Repository, User
from registry.services import accounts, organisations, repositories

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)


def page(browser, address):
    response = browser.get(address)
    assert response.status_code == 200
    return response.content.decode()


def credit(scene, user, submission, amounts, track=None):
    """One more release for each amount, a week apart, the last one today."""
    track = track or scene.track
    number = track.releases.count() + 10
    for index, amount in enumerate(amounts):
        days = 7 * (len(amounts) - 1 - index)
        release = Release.objects.create(
            track=track,
            number=number + index,
            status=ReleaseStatus.RELEASED,
            base_revision="a" * 40,
            created_by=scene.ada,
            released_at=timezone.now() - dt.timedelta(days=days),
        )
        Credit.objects.create(
            release=release,
            submission=submission,
            contributor=user,
            weight=0.5,
            amount=amount,
            low=amount - 0.01,
            high=amount + 0.01,
            first_order=amount,
            formula="path-integral-1",
        )


def another_track(scene, name):
    given = Track.objects.get(pk=scene.track.pk)
    given.pk, given.name = None, name
    given.save()
    return given


@pytest.mark.parametrize("viewer", ["nobody", "berta", "ada", "lena"])
def test_every_kind_of_page_follows_the_rules(scene, as_person, page_rules, viewer):
    accounts.ensure_user(name="newcomer", password="correct horse battery")
    accounts.ensure_user(name="robot", password="correct horse battery")
    User.objects.filter(username="robot").update(is_bot=True)
    browser = as_person(None if viewer == "nobody" else getattr(scene, viewer))
    for name in ("ada", "berta", "lena", "emil", "tinymodels", "newcomer", "robot"):
        page_rules(browser.get(f"/{name}"), f"/{name}")
    assert "Nothing offered yet" in page(browser, "/newcomer")
    assert ">bot<" in page(browser, "/robot")


def test_a_name_in_other_letters_leads_to_the_right_one(scene, as_person):
    assert as_person(None).get("/BERTA").headers["Location"] == "/berta"
    assert as_person(None).get("/nobody-at-all").status_code == 404


def test_a_profile_shows_what_was_said_and_nothing_that_runs(scene, as_person, page_rules):
    User.objects.filter(pk=scene.berta.pk).update(
        fullname="Berta <i>B.</i>",
        about="<script>alert(1)</script>\nI train small models.",
        website="https://berta.example/",
    )
    shown = page(as_person(None), "/berta")
    page_rules(as_person(None).get("/berta"), "/berta")
    assert "<script>alert" not in shown
    assert "<i>" not in shown
    assert "I train small models." in shown
    assert 'href="https://berta.example/" rel="nofollow noopener ugc"' in shown
    User.objects.filter(pk=scene.berta.pk).update(website="javascript:alert(1)")
    assert "javascript:" not in page(as_person(None), "/berta")


def test_somebody_who_left_keeps_credit_and_has_no_profile(scene, as_person):
    User.objects.filter(pk=scene.berta.pk).update(anonymised_at=timezone.now(), about="was here")
    shown = page(as_person(None), "/berta")
    assert "is known by no name" in shown
    assert "was here" not in shown
    assert "Credit over time" in shown


def test_reviewers_show_their_role_and_how_much_they_did(scene, as_person):
    shown = page(as_person(None), "/lena")
    assert "licence reviewer" in shown
    assert "<dt>Reviews</dt><dd>3</dd>" in shown
    assert "<dt>Reviews</dt>" not in page(as_person(None), "/berta")


def test_credit_over_time_is_a_picture_with_its_numbers(scene, as_person, page_rules):
    credit(scene, scene.berta, scene.weights, [0.02, 0.01, -0.005])
    credit(scene, scene.berta, scene.weights, [0.1], another_track(scene, "letters"))
    response = as_person(None).get("/berta")
    page_rules(response, "/berta")
    shown = response.content.decode()
    assert "credit-chart" in shown
    assert shown.count('<polyline class="line series-') == 2
    assert 'class="line series-1"' in shown
    assert "letters +0.1000" in shown
    assert '<a href="/tracks/letters">letters</a></th><td class="num"><strong>+0.1000' in shown


def test_credit_of_what_is_private_is_not_counted_for_strangers(scene, as_person):
    Repository.objects.filter(pk=scene.model.pk).update(private=True)
    assert "Credit over time" not in page(as_person(scene.emil), "/berta")
    assert "Credit over time" in page(as_person(scene.ada), "/berta")


def test_an_organisation_shows_what_its_people_brought(scene, as_person, page_rules):
    organisation = organisations.named("tinymodels")
    home = repositories.create(
        actor=scene.ada, namespace=organisation.namespace, name="digits", repo_type="model"
    )
    track = another_track(scene, "team")
    Track.objects.filter(pk=track.pk).update(repository=home)
    credit(scene, scene.cyril, scene.adapter, [0.03, 0.02], track)
    response = as_person(scene.ada).get("/tinymodels")
    page_rules(response, "/tinymodels")
    shown = response.content.decode()
    assert "Who brought it" in shown
    assert '<a href="/cyril">cyril</a></th><td class="num">2</td>' in shown
    assert "Members and invitations" in shown
    assert "Members and invitations" not in page(as_person(scene.emil), "/tinymodels")


@pytest.mark.parametrize("address", ["/berta", "/tinymodels", "/lena"])
def test_a_page_costs_the_same_with_much_on_it(scene, as_person, address):
    browser = as_person(scene.ada)

    def count():
        with CaptureQueriesContext(connection) as queries:
            page(browser, address)
        return len(queries)

    organisation = organisations.named("tinymodels")
    home = repositories.create(
        actor=scene.ada, namespace=organisation.namespace, name="digits", repo_type="model"
    )
    track = another_track(scene, "team")
    Track.objects.filter(pk=track.pk).update(repository=home)
    credit(scene, scene.berta, scene.weights, [0.03], track)
    few = count()
    credit(scene, scene.berta, scene.weights, [0.01] * 30, track)
    credit(scene, scene.berta, scene.weights, [0.01] * 3)
    for number in range(5):
        repositories.create(
            actor=scene.ada, namespace=organisation.namespace, name=f"m{number}", repo_type="model"
        )
        person = accounts.ensure_user(name=f"p{number}", password="correct horse battery")
        organisation.memberships.create(user=person, role="write")
    assert count() == few <= 15


# --- the chart -------------------------------------------------------------------------------


def gains(*amounts, track="digits"):
    days = range(len(amounts) - 1, -1, -1)
    return [
        Gain(track, NOW - dt.timedelta(days=10 * day), amount)
        for day, amount in zip(days, amounts, strict=True)
    ]


def heights(series):
    return [float(point.split(",")[1]) for point in series.line.split()]


def test_the_line_climbs_in_steps_and_ends_at_the_sum():
    drawn = credit_chart(gains(1.0, 2.0, -0.5), {"digits": 2.5}, now=NOW)
    [series] = drawn.series
    assert series.total == pytest.approx(2.5)
    tops = heights(series)
    assert min(tops) < tops[-1] < tops[0] == drawn.zero_y
    assert all(14.0 <= top <= 188.0 for top in tops)
    assert drawn.total == pytest.approx(2.5)


def test_what_came_before_the_newest_lines_is_where_it_begins():
    drawn = credit_chart(gains(1.0), {"digits": 5.0}, now=NOW)
    assert heights(drawn.series[0])[0] < drawn.zero_y
    assert drawn.series[0].total == pytest.approx(5.0)


def test_many_tracks_are_drawn_as_five_lines():
    rows = [gain for n in range(9) for gain in gains(1.0 + n, track=f"t{n}")]
    drawn = credit_chart(rows, {f"t{n}": 1.0 + n for n in range(9)}, now=NOW)
    assert [series.name for series in drawn.series] == ["t8", "t7", "t6", "t5", "other tracks"]
    assert drawn.series[-1].total == pytest.approx(1 + 2 + 3 + 4 + 5)


@pytest.mark.parametrize("amounts", [[0.0], [-1.0, -2.0], [1e-9], [1e9], [0.5] * 300])
def test_any_amounts_can_be_drawn(amounts):
    drawn = credit_chart(gains(*amounts), {"digits": sum(amounts)}, now=NOW)
    assert all(0.0 <= top <= 220.0 for top in heights(drawn.series[0]))


def test_nothing_is_drawn_of_nothing():
    assert credit_chart([], {}, now=NOW) is None
    assert credit_chart(gains(float("nan")), {}, now=NOW) is None
