"""Taking one's data away, and being forgotten."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from contributions.models import Credit, Discussion, Review, Submission, Track
from registry.models import Event, Membership, Namespace, RetiredName, RoleGrant, SearchEntry, User
from registry.services import accounts, tokens
from registry.services.errors import Conflict, Invalid
from tests.web.scene import PASSWORD


def confirmed_as(user):
    client = Client()
    client.post("/login", {"login": user.username, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def exported(client):
    response = client.get("/settings/account/export")
    assert response["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    assert archive.testzip() is None
    tables = {
        name.removesuffix(".json"): json.loads(archive.read(name))
        for name in archive.namelist()
        if name.endswith(".json")
    }
    return tables, archive.read("README.txt").decode()


def test_everything_about_a_person_is_in_the_archive(scene):
    berta = scene.berta
    User.objects.filter(pk=berta.pk).update(fullname="Berta 北")
    _, secret = tokens.issue(berta, name="notebook", scope="write")
    tables, readme = exported(confirmed_as(berta))
    assert tables["profile"][0]["username"] == "berta"
    assert tables["profile"][0]["fullname"] == "Berta 北"
    own = set(Submission.objects.filter(contributor=berta).values_list("pk", flat=True))
    assert {row["id"] for row in tables["submissions"]} == own != set()
    assert len(tables["credit"]) == Credit.objects.filter(contributor=berta).count()
    assert len(tables["discussions"]) == Discussion.objects.filter(author=berta).count()
    assert len(tables["events"]) >= Event.objects.filter(actor=berta).count()
    assert "notebook" in [row["name"] for row in tables["tokens"]]
    everything = json.dumps(tables)
    assert secret not in everything
    assert berta.password not in everything
    assert "submissions.json" in readme


def test_the_archive_holds_nothing_of_others(scene):
    nina = accounts.ensure_user(name="nina", password=PASSWORD)
    tables, _ = exported(confirmed_as(nina))
    assert tables["submissions"] == []
    assert "berta" not in json.dumps(tables)


def test_the_archive_is_asked_for_once_more(scene, client):
    client.force_login(scene.berta)
    response = client.get("/settings/account/export")
    assert response["Location"].startswith("/accounts/reauthenticate/")


@pytest.fixture
def leaving(scene):
    """Berta, whom nothing keeps."""
    Track.objects.update(status="closed")
    Membership.objects.filter(user=scene.berta).delete()
    return User.objects.get(pk=scene.berta.pk)


def test_a_deleted_person_leaves_the_work_and_no_trace_of_who_it_was(scene, leaving, page_rules):
    _, secret = tokens.issue(leaving, name="notebook", scope="write")
    User.objects.filter(pk=leaving.pk).update(email="berta@example.org", fullname="Berta Beispiel")
    EmailAddress.objects.create(user=leaving, email="berta@example.org", primary=True)
    submissions = Submission.objects.filter(contributor=leaving).count()
    credit = list(Credit.objects.filter(contributor=leaving).values())
    client = confirmed_as(leaving)
    page = client.get("/settings/account/delete")
    page_rules(page, "/settings/account/delete")
    response = client.post("/settings/account/delete", {"name": "berta"})
    assert response["Location"] == "/"
    ghost = User.objects.select_related("namespace").get(pk=leaving.pk)
    assert ghost.username == ghost.namespace.name == f"ghost-{ghost.pk}"
    assert (ghost.email, ghost.fullname, ghost.about, ghost.website) == ("", "", "", "")
    assert ghost.anonymised_at is not None
    assert not ghost.has_usable_password()
    assert not EmailAddress.objects.filter(user=ghost).exists()
    assert not RoleGrant.objects.filter(user=ghost).exists()
    assert not Namespace.objects.filter(name__iexact="berta").exists()
    assert not SearchEntry.objects.filter(kind="person", key=str(ghost.pk)).exists()
    assert tokens.authenticate(secret) is None
    assert Submission.objects.filter(contributor=ghost).count() == submissions
    assert list(Credit.objects.filter(contributor=ghost).values()) == credit
    assert client.get("/settings").status_code == 302
    again = client.post("/login", {"login": "berta", "password": PASSWORD})
    assert again.status_code == 200


@pytest.mark.parametrize("name", ["berta", "BERTA"])
def test_nobody_takes_the_name_of_somebody_who_went(scene, leaving, name):
    confirmed_as(leaving).post("/settings/account/delete", {"name": "berta"})
    used = "This name was used before and cannot be taken again."
    password = {"password1": PASSWORD, "password2": PASSWORD}
    stranger = Client()
    form = {"username": name, "email": "mallory@example.org", **password}
    assert used in stranger.post("/signup", form).content.decode()
    emil = Client()
    emil.force_login(scene.emil)
    assert used in emil.post("/organisations/new", {"name": name}).content.decode()
    with pytest.raises(Conflict, match="used before"):
        accounts.ensure_user(name=name)
    assert not Namespace.objects.filter(name__iexact="berta").exists()
    assert stranger.get("/berta").status_code == 404


def test_of_the_name_only_a_keyed_digest_is_kept(scene, leaving):
    confirmed_as(leaving).post("/settings/account/delete", {"name": "berta"})
    kept = RetiredName.objects.get().digest
    assert kept not in {hashlib.sha256(b"berta").hexdigest(), "berta"}
    operator = Client()
    operator.force_login(accounts.ensure_user(name="olga", roles=["operator"]))
    operation = operator.get("/admin/operation/").content.decode()
    assert re.search(r"names of people who went, which nobody can take</dt><dd>1<", operation)


@pytest.mark.parametrize("name", ["ghost", "ghost-7", "Ghost-12-ab"])
def test_nobody_is_named_like_a_ghost(db, name):
    with pytest.raises(Invalid, match="reserved"):
        accounts.sign_up(name=name, email="", password=None)


def test_pages_show_the_work_of_a_ghost(scene, leaving, client):
    submission = Submission.objects.filter(contributor=leaving).first()
    confirmed_as(leaving).post("/settings/account/delete", {"name": "berta"})
    page = client.get(f"/submissions/{submission.pk}")
    assert page.status_code == 200
    assert f"ghost-{leaving.pk}" in page.content.decode()


def test_nothing_is_deleted_by_a_wrong_name_or_without_the_password(scene, leaving):
    client = confirmed_as(leaving)
    response = client.post("/settings/account/delete", {"name": "Berta"})
    assert "nothing was deleted" in response.content.decode()
    only_signed_in = Client()
    only_signed_in.force_login(leaving)
    only_signed_in.post("/settings/account/delete", {"name": "berta"})
    assert User.objects.get(pk=leaving.pk).anonymised_at is None


def test_whom_others_depend_on_is_told_what_to_do_first(scene, page_rules):
    from contributions.services import erasure

    lab = accounts.create_organisation(name="bertas-lab", actor=scene.berta)
    Membership.objects.create(organisation=lab, user=scene.emil)
    client = confirmed_as(scene.berta)
    page = client.get("/settings/account")
    page_rules(page, "/settings/account")
    assert "only maintainer of bertas-lab" in page.content.decode()
    assert "Make another member its maintainer" in page.content.decode()
    response = client.post("/settings/account/delete", {"name": "berta"})
    assert response.status_code == 200
    assert User.objects.get(pk=scene.berta.pk).anonymised_at is None
    with pytest.raises(Conflict):
        erasure.erase(scene.berta)


def test_an_open_track_keeps_the_owner_of_its_repository(scene):
    track = Track.objects.select_related("repository").filter(status="open").first()
    track.repository.namespace = scene.berta.namespace
    track.repository.save(update_fields=["namespace"])
    page = confirmed_as(scene.berta).get("/settings/account").content.decode()
    assert f"The track {track.name} works on your repository" in page
    assert "Close the track" in page


def test_the_only_operator_stays(scene):
    olga = accounts.ensure_user(name="only-olga", password=PASSWORD, roles=["operator"])
    RoleGrant.objects.filter(role="operator").exclude(user=olga).delete()
    page = confirmed_as(olga).get("/settings/account").content.decode()
    assert "only operator" in page


def test_reviews_of_a_ghost_still_count(scene):
    Track.objects.update(status="closed")
    before = list(Review.objects.filter(reviewer=scene.lena).values())
    Membership.objects.filter(user=scene.lena).delete()
    confirmed_as(scene.lena).post("/settings/account/delete", {"name": "lena"})
    assert list(Review.objects.filter(reviewer=scene.lena).values()) == before
