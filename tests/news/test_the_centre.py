"""The bell, the centre and the choice of how one is told."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contributions.models import MailChoice, Notification, NotificationChoice, NotificationKind
from contributions.services import notifications
from registry.models import Repository, Role
from registry.services import accounts

K = NotificationKind


def tell(user, number=1, kind=K.FAILED, **more):
    notifications.tell(
        user,
        kind,
        title=f"News {number}",
        text="first line\n<b>second</b>",
        url="/submissions",
        about=f"test:{number}",
        **more,
    )
    return Notification.objects.filter(user=user, about=f"test:{number}").first()


def page(browser, address="/notifications"):
    response = browser.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    "address", ["/notifications", "/notifications/1", "/settings/notifications"]
)
def test_news_are_for_their_owner(scene, as_person, address):
    assert as_person(None).get(address).headers["Location"] == f"/login?next={address}"


def test_another_s_news_does_not_exist(scene, as_person):
    line = tell(scene.berta)
    browser = as_person(scene.emil)
    assert browser.get(f"/notifications/{line.pk}").status_code == 404
    browser.post("/notifications/read", {"read": line.pk})
    line.refresh_from_db()
    assert line.read_at is None
    assert "News 1" not in page(browser, "/notifications?show=all")


def test_the_centre_begins_with_what_is_unread(scene, as_person, page_rules):
    browser = as_person(scene.berta)
    page_rules(browser.get("/notifications"), "/notifications")
    assert "You have read everything" in page(browser)
    assert "Nothing has been told to you yet" in page(browser, "/notifications?show=all")
    first = tell(scene.berta)
    tell(scene.berta, 2, K.COMMENT)
    for address in ("/notifications", "/notifications?show=all", "/notifications?kind=comment"):
        page_rules(browser.get(address), address)
    assert "News 1" in page(browser)
    assert "News 2" in page(browser)
    assert "&lt;b&gt;second" in page(browser)
    assert "News 1" not in page(browser, "/notifications?kind=comment")
    assert "Nothing of this kind" in page(browser, "/notifications?kind=question")
    notifications.mark_read(scene.berta, ids=[first.pk])
    assert "News 1" not in page(browser)
    assert "News 1" in page(browser, "/notifications?show=all")
    assert page(browser, "/notifications?kind=nonsense&show=nonsense&page=x")


def test_to_follow_a_line_is_to_have_read_it(scene, as_person):
    line = tell(scene.berta)
    response = as_person(scene.berta).get(f"/notifications/{line.pk}")
    assert response.headers["Location"] == "/submissions"
    line.refresh_from_db()
    assert line.read_at is not None


def test_one_or_all_are_marked_and_one_comes_back(scene, as_person):
    browser = as_person(scene.berta)
    lines = [tell(scene.berta, number) for number in range(3)]
    unread = Notification.objects.filter(user=scene.berta, read_at=None)
    back = browser.post("/notifications/read", {"read": lines[0].pk, "query": "?show=all"})
    assert back.headers["Location"] == "/notifications?show=all"
    assert unread.count() == 2
    browser.post("/notifications/read", {"unread": lines[0].pk})
    assert unread.count() == 3
    browser.post("/notifications/read", {"read": "9" * 30})
    browser.post("/notifications/read", {"read": "x"})
    assert unread.count() == 3
    browser.post("/notifications/read", {})
    assert unread.count() == 0


@pytest.mark.parametrize("query", ["//evil.example", "https://evil.example", "?a\r\nSet-Cookie: b"])
def test_marking_leads_nowhere_else(scene, as_person, query):
    back = as_person(scene.berta).post("/notifications/read", {"query": query})
    assert back.headers["Location"] == "/notifications"


def test_news_lead_to_this_site_only(scene):
    from registry.services.errors import Invalid

    for url in ("https://evil.example", "//evil.example", "javascript:alert(1)"):
        with pytest.raises(Invalid):
            notifications.tell(scene.berta, K.FAILED, title="x", url=url, about="x")


def test_what_was_closed_since_says_nothing_of_it(scene, as_person):
    tell(scene.emil, repository=scene.model)
    Repository.objects.filter(pk=scene.model.pk).update(private=True)
    shown = page(as_person(scene.emil))
    assert "News 1" not in shown
    assert "may no longer see" in shown


def test_the_bell_counts_what_is_unread(scene, as_person):
    browser = as_person(scene.berta)
    assert "bell-count" not in page(browser, "/about")
    for number in range(3):
        tell(scene.berta, number)
    assert '<span class="bell-count">3' in page(browser, "/about")
    Notification.objects.bulk_create(
        Notification(user=scene.berta, kind=K.FAILED, title="x", url="/", about=f"many:{n}")
        for n in range(120)
    )
    assert '<span class="bell-count">99+' in page(browser, "/about")
    assert "bell" not in page(as_person(None), "/about")


def test_the_bell_costs_one_query_and_parts_of_pages_none(scene, as_person):
    def asked(browser, address):
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        return [q["sql"] for q in queries if "contributions_notification" in q["sql"]]

    browser = as_person(scene.berta)
    assert len(asked(browser, "/about")) == 1
    assert asked(browser, f"/runs/{scene.training.pk}/live") == []
    assert asked(as_person(None), "/about") == []


def test_the_dashboard_is_offered_to_those_who_may_enter(scene, as_person):
    link = '<a href="/admin/">'
    assert link not in page(as_person(scene.berta), "/about")
    assert link in page(as_person(scene.lena), "/about")
    olga = accounts.ensure_user(name="olga", password="x" * 20, roles=[Role.OPERATOR])
    assert link in page(as_person(olga), "/about")
    assert link in page(as_person(scene.ada), "/about")  # she maintains a track


def test_to_open_a_submission_is_to_have_read_of_it(scene, as_person):
    line = tell(scene.berta, submission=scene.weights)
    other = tell(scene.berta, 2, submission=scene.rows)
    page(as_person(scene.berta), f"/submissions/{scene.weights.pk}")
    line.refresh_from_db()
    other.refresh_from_db()
    assert line.read_at is not None
    assert other.read_at is None


def test_the_centre_costs_the_same_with_many_lines(scene, as_person):
    browser = as_person(scene.berta)

    def count():
        with CaptureQueriesContext(connection) as queries:
            page(browser)
        return len(queries)

    tell(scene.berta, repository=scene.model)
    few = count()
    for number in range(2, 80):
        tell(scene.berta, number, repository=scene.model if number % 2 else scene.data)
    assert count() == few <= 15
    assert "Page 1 of 2" in page(browser)


# --- how one is told -------------------------------------------------------------------------


def chosen(user, **changed):
    data = {}
    for kind, wish in notifications.wishes(user).items():
        data[f"{kind.value}-mail"] = wish.mail.value
        if wish.in_app:
            data[f"{kind.value}-centre"] = "on"
    return {**data, **changed}


def test_each_kind_can_be_told_otherwise(scene, as_person, page_rules):
    browser = as_person(scene.berta)
    address = "/settings/notifications"
    page_rules(browser.get(address), address)
    data = chosen(scene.berta, **{"failed-mail": "digest", "comment-mail": "off"})
    del data["comment-centre"]
    assert browser.post(address, data).status_code == 302
    kept = notifications.wishes(scene.berta)
    assert kept[K.FAILED].mail == MailChoice.DIGEST
    assert (kept[K.COMMENT].in_app, kept[K.COMMENT].mail) == (False, MailChoice.OFF)
    assert NotificationChoice.objects.filter(user=scene.berta).count() == 2
    assert tell(scene.berta, kind=K.COMMENT) is None
    browser.post(address, chosen(scene.berta, **{"failed-mail": "now"}))
    assert NotificationChoice.objects.filter(user=scene.berta).count() == 1


def test_a_choice_that_there_is_not_is_refused_in_place(scene, as_person, page_rules):
    address = "/settings/notifications"
    browser = as_person(scene.berta)
    response = browser.post(address, chosen(scene.berta, **{"failed-mail": "always"}))
    page_rules(response, address)
    assert "errorlist" in response.content.decode()
    assert NotificationChoice.objects.count() == 0
    assert browser.post(address, {}).status_code == 200


def test_the_page_says_when_there_is_no_address(scene, as_person):
    from registry.models import User

    words = "No mail address is known for you"
    assert words in page(as_person(scene.berta), "/settings/notifications")
    User.objects.filter(pk=scene.berta.pk).update(email="berta@example.org")
    assert words not in page(as_person(scene.berta), "/settings/notifications")
    EmailAddress.objects.create(user=scene.berta, email="berta@example.org", verified=True)
    assert "not confirmed" not in page(as_person(scene.berta), "/settings/notifications")
