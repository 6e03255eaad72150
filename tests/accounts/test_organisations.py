"""Organisations: made, joined by invitation, left; never without a maintainer."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from registry.models import Event, Invitation, MemberRole, Membership, Organisation, Role, User
from registry.services import accounts
from tests.accounts.people import PASSWORD, link_in_mail, who


def browser(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def lab(berta):
    return accounts.create_organisation(name="lab", actor=berta)


@pytest.fixture
def emil(db):
    return accounts.ensure_user(name="emil", email="emil@example.org", password=PASSWORD)


def role_of(user, organisation):
    place = Membership.objects.filter(user=user, organisation=organisation).first()
    return place and MemberRole(place.role)


def test_somebody_makes_an_organisation_and_is_its_maintainer(berta, page_rules):
    mine = browser(berta)
    page_rules(mine.get("/organisations/new"), "/organisations/new")
    response = mine.post("/organisations/new", {"name": "lab", "fullname": "The Lab"})
    assert response["Location"] == "/organisations/lab"
    page = mine.get("/organisations/lab")
    page_rules(page, "/organisations/lab")
    assert role_of(berta, Organisation.objects.get()) is MemberRole.MAINTAINER
    page_rules(mine.get("/settings/organisations"), "/settings/organisations")


@pytest.mark.parametrize("name", ["berta", "admin", "a b", "invitations"])
def test_a_name_that_is_taken_or_reserved_is_refused(berta, page_rules, name):
    response = browser(berta).post("/organisations/new", {"name": name})
    page_rules(response, "/organisations/new")
    assert not Organisation.objects.exists()


def test_a_person_is_invited_by_name_and_accepts(lab, berta, emil, page_rules):
    response = browser(berta).post("/organisations/lab", {"whom": "Emil", "role": "write"})
    page_rules(response, "/organisations/lab")
    assert role_of(emil, lab) is None, "nobody belongs to anything without wanting to"
    assert mail.outbox[-1].to == ["emil@example.org"]
    ends = Invitation.objects.get().expires_at
    assert f"until {ends.day} {ends:%B %Y}." in mail.outbox[-1].body
    event = Event.objects.get(verb="organisation.invited")
    assert event.data["user"] == emil.pk
    his = browser(emil)
    page = his.get(link_in_mail())
    page_rules(page, "/invitations/…")
    his.post(link_in_mail(), {"answer": "accept"})
    assert role_of(emil, lab) is MemberRole.WRITE
    assert his.get(link_in_mail()).status_code == 404, "a link works once"


def test_an_invitation_by_name_is_answered_in_the_settings_too(lab, berta, emil, page_rules):
    browser(berta).post("/organisations/lab", {"whom": "emil", "role": "read"})
    page = browser(emil).get("/settings/organisations")
    page_rules(page, "/settings/organisations")
    assert "Berta invites you to lab" in page.content.decode()
    pk = Invitation.objects.get().pk
    assert browser(berta).post(f"/invitations/{pk}/answer").status_code == 404
    browser(emil).post(f"/invitations/{pk}/answer", {"answer": "decline"})
    assert role_of(emil, lab) is None
    assert Invitation.objects.get().accepted is False


def test_an_invitation_by_name_is_of_no_use_to_another(lab, berta, emil):
    browser(berta).post("/organisations/lab", {"whom": "emil", "role": "maintainer"})
    dora = accounts.ensure_user(name="dora")
    theirs = browser(dora)
    page = theirs.get(link_in_mail())
    assert "It is for emil" in page.content.decode()
    theirs.post(link_in_mail(), {"answer": "accept"})
    assert role_of(dora, lab) is None
    assert Invitation.objects.get().answered_at is None


def test_somebody_without_an_account_signs_up_by_an_invitation(lab, berta, client, settings):
    settings.SIGNUP = "invite"
    assert "closed" in client.get("/signup").content.decode()
    shown = browser(berta).post("/organisations/lab", {"whom": "New@Example.org", "role": "write"})
    path = link_in_mail()
    assert path in shown.content.decode(), "the link can also be passed on by hand"
    assert "Sign up" in client.get(path).content.decode()
    assert client.post(path, {"answer": "accept"}).status_code == 404
    password = {"password1": PASSWORD, "password2": PASSWORD}
    response = client.post(
        "/signup", {"username": "nina", "email": "new@example.org", "next": path, **password}
    )
    assert response["Location"] == path
    client.post(path, {"answer": "accept"})
    assert who(client) == "nina"
    assert role_of(User.objects.get(username="nina"), lab) is MemberRole.WRITE
    # Whoever invites sees the link, so that it proves no address.
    assert "not confirmed" in client.get("/settings/security").content.decode()


def test_an_old_or_withdrawn_invitation_is_of_no_use(lab, berta, emil):
    hers = browser(berta)
    hers.post("/organisations/lab", {"whom": "emil", "role": "write"})
    path = link_in_mail()
    Invitation.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert browser(emil).get(path).status_code == 404
    hers.post("/organisations/lab", {"whom": "emil", "role": "write"})
    path = link_in_mail()
    newest = Invitation.objects.latest("pk")
    hers.post(f"/organisations/lab/invitations/{newest.pk}/withdraw")
    assert browser(emil).post(path, {"answer": "accept"}).status_code == 404
    assert role_of(emil, lab) is None


@pytest.mark.parametrize(
    ("whom", "words"),
    [
        ("nobody", "Nobody here is named nobody"),
        ("berta", "belongs to lab already"),
        ("emil", "is invited already"),
        ("nightly", "is a program"),
        ("not@an address", "valid email"),
        ("a\nb", "one line"),
    ],
)
def test_a_pointless_invitation_is_refused_with_the_reason(
    lab, berta, emil, page_rules, whom, words
):
    accounts.ensure_user(name="nightly", bot=True)
    hers = browser(berta)
    hers.post("/organisations/lab", {"whom": "emil", "role": "write"})
    response = hers.post("/organisations/lab", {"whom": whom, "role": "write"})
    page_rules(response, "/organisations/lab")
    assert words in response.content.decode()
    assert Invitation.objects.count() == 1


def test_invitations_are_not_sent_without_end(lab, berta):
    hers = browser(berta)
    for number in range(31):
        response = hers.post(
            "/organisations/lab", {"whom": f"a{number}@example.org", "role": "read"}
        )
    assert "30 invitations within a day" in response.content.decode()
    assert Invitation.objects.count() == 30


def test_only_maintainers_and_operators_change_who_belongs(lab, berta, emil):
    Membership.objects.create(organisation=lab, user=emil, role=MemberRole.WRITE)
    his = browser(emil)
    assert "Invite somebody" not in his.get("/organisations/lab").content.decode()
    assert (
        his.post("/organisations/lab", {"whom": "x@example.org", "role": "read"}).status_code == 403
    )
    his.post("/organisations/lab/members/emil/role", {"role": "maintainer"})
    his.post("/organisations/lab/members/Berta/remove")
    assert role_of(emil, lab) is MemberRole.WRITE
    assert role_of(berta, lab) is MemberRole.MAINTAINER
    olga = accounts.ensure_user(name="olga", roles=[Role.OPERATOR])
    browser(olga).post("/organisations/lab/members/emil/role", {"role": "maintainer"})
    assert role_of(emil, lab) is MemberRole.MAINTAINER


def test_a_stranger_sees_members_and_no_invitation(lab, berta, client, page_rules):
    browser(berta).post("/organisations/lab", {"whom": "secret@example.org", "role": "read"})
    page = client.get("/organisations/lab")
    page_rules(page, "/organisations/lab")
    assert "Berta" in page.content.decode()
    assert "secret@example.org" not in page.content.decode()
    assert (
        client.post("/organisations/lab", {"whom": "a@example.org", "role": "read"}).status_code
        == 404
    )


def test_both_addresses_of_an_organisation_lead_to_each_other(lab, berta, client):
    work, members = (client.get(at).content.decode() for at in ("/lab", "/organisations/lab"))
    assert '<a href="/organisations/lab">All members</a>' in work
    assert '<a href="/lab">Repositories and credit</a>' in members
    assert '<a href="/Berta">Berta</a>' in members
    assert "Members and invitations" in browser(berta).get("/lab").content.decode()


def test_a_link_with_another_case_or_of_a_person_leads_to_the_right_page(lab, berta, client):
    for wrong, right in (
        ("/organisations/LAB", "/organisations/lab"),
        ("/organisations/berta", "/Berta"),
        ("/LAB", "/lab"),
    ):
        assert client.get(wrong)["Location"] == right
    assert client.get("/organisations/nobody").status_code == 404


def test_the_last_maintainer_stays_until_there_is_another(lab, berta, emil, page_rules):
    hers = browser(berta)
    page_rules(hers.get("/organisations/lab/members/berta/remove"), "leave")
    hers.post("/organisations/lab/members/berta/remove")
    hers.post("/organisations/lab/members/berta/role", {"role": "read"})
    assert "no maintainer" in hers.get("/organisations/lab").content.decode()
    assert role_of(berta, lab) is MemberRole.MAINTAINER
    Membership.objects.create(organisation=lab, user=emil, role=MemberRole.MAINTAINER)
    hers.post("/organisations/lab/members/berta/remove")
    assert role_of(berta, lab) is None
    assert Event.objects.filter(verb="organisation.left", actor=berta).exists()


def test_the_page_of_a_large_organisation_costs_no_more(lab, berta, django_assert_max_num_queries):
    people = [accounts.ensure_user(name=f"member{n}") for n in range(60)]
    Membership.objects.bulk_create(Membership(organisation=lab, user=each) for each in people)
    hers = browser(berta)
    with django_assert_max_num_queries(15):
        assert hers.get("/organisations/lab").status_code == 200
