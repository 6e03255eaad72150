"""People, bots, tokens and the first operator."""

from __future__ import annotations

import datetime as dt
import io
import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from registry.models import (
    AccessToken,
    Event,
    MemberRole,
    Membership,
    Organisation,
    Role,
    RoleGrant,
    SetupLink,
    TokenScope,
    User,
)
from registry.services import access, accounts, tokens
from registry.services.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db


def ensure(*arguments):
    out = StringIO()
    call_command("ensure_user", *arguments, stdout=out)
    return out.getvalue()


def everything():
    return [
        list(model.objects.order_by("pk").values())
        for model in (User, AccessToken, Membership, Organisation, Event)
    ]


def test_it_makes_a_bot_and_repeating_it_changes_nothing(monkeypatch):
    arguments = ["ci", "--email", "ci@example.org", "--org", "circle", "--bot"]
    arguments += ["--role", "licence-reviewer", "--role", "operator", "--token", "-"]
    arguments += ["--maintainer-of", "team"]
    seen = []
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.StringIO("hf_a_secret_of_a_bot\n"))
        assert ensure(*arguments) == "ci is ready.\n"
        seen.append(everything())
    assert seen[0] == seen[1]
    user = User.objects.get(username="ci")
    assert (user.is_bot, user.email, user.is_operator) == (True, "ci@example.org", True)
    assert user.has_role(Role.LICENCE_REVIEWER)
    places = {m.organisation.namespace.name: m.role for m in user.memberships.all()}
    assert places == {"circle": MemberRole.WRITE, "team": MemberRole.MAINTAINER}
    assert tokens.authenticate("hf_a_secret_of_a_bot").user == user
    assert not user.has_usable_password()


def test_it_makes_a_maintainer_of_one_repository(model):
    ensure("berta", "--maintainer-of", "ada/tiny")
    berta = User.objects.get(username="berta")
    assert access.role_on(berta, model) is MemberRole.MAINTAINER
    with pytest.raises(CommandError, match="no repository datasets/ada/tiny"):
        ensure("berta", "--maintainer-of", "datasets/ada/tiny")


@pytest.mark.parametrize("name", ["admin", "API", "a b", "-x", "", "x/y"])
def test_it_refuses_names_that_are_taken_by_the_site(name):
    with pytest.raises(CommandError, match="name"):
        ensure(name)
    assert not User.objects.exists()


def test_people_and_organisations_share_one_set_of_names(ada):
    with pytest.raises(Conflict, match="taken"):
        accounts.create_organisation(name="Ada", actor=ada)
    accounts.create_organisation(name="circle", actor=ada)
    with pytest.raises(Conflict):
        accounts.sign_up(name="CIRCLE", email="", password=None)


def test_two_people_cannot_have_one_token():
    ensure("one", "--token", "hf_the_same_secret")
    with pytest.raises(CommandError, match="token of this value"):
        ensure("two", "--token", "hf_the_same_secret")
    assert not User.objects.filter(username="two").exists()


def test_only_a_hash_of_a_token_is_kept(ada):
    token, secret = tokens.issue(ada, name="laptop", scope=TokenScope.READ)
    row = AccessToken.objects.values().get(pk=token.pk)
    assert secret not in str(row)
    assert secret not in str(list(Event.objects.values()))
    assert row["hint"] == secret[:6]
    with pytest.raises(Conflict, match="already have a token named laptop"):
        tokens.issue(ada, name="laptop", scope=TokenScope.READ)
    with pytest.raises(Invalid, match="shorter"):
        tokens.issue(ada, name="x", scope=TokenScope.READ, secret="short")


def test_use_of_a_token_is_noted_at_most_once_a_minute(ada, django_assert_num_queries):
    _, secret = tokens.issue(ada, name="laptop", scope=TokenScope.READ)
    with django_assert_num_queries(2):
        tokens.authenticate(secret)
    with django_assert_num_queries(1):
        used = tokens.authenticate(secret).last_used_at
    AccessToken.objects.update(last_used_at=used - dt.timedelta(minutes=2))
    tokens.authenticate(secret)
    assert timezone.now() - AccessToken.objects.get(name="laptop").last_used_at < dt.timedelta(
        seconds=30
    )


def test_a_revoked_token_is_no_token(ada):
    token, secret = tokens.issue(ada, name="laptop", scope=TokenScope.READ)
    tokens.revoke(token, actor=ada)
    assert tokens.authenticate(secret) is None


def test_the_first_link_makes_an_operator_once(ada, emil):
    old, link = accounts.first_operator_link(), accounts.first_operator_link()
    secret = link.rpartition("/")[2]
    assert secret not in str(list(SetupLink.objects.values()))
    with pytest.raises(Forbidden, match="not valid"):
        accounts.become_operator(old.rpartition("/")[2], user=emil)
    accounts.become_operator(secret, user=ada)
    assert ada.is_operator
    with pytest.raises(Forbidden):
        accounts.become_operator(secret, user=emil)
    assert accounts.first_operator_link() is None


def test_the_command_says_why_there_is_no_link(ada, capsys):
    accounts.become_operator(accounts.first_operator_link().rpartition("/")[2], user=ada)
    call_command("first_operator")
    said = capsys.readouterr()
    assert said.out == ""
    assert "has an operator" in said.err


def test_a_link_expires(ada):
    secret = accounts.first_operator_link().rpartition("/")[2]
    SetupLink.objects.update(expires_at=timezone.now())
    with pytest.raises(Forbidden, match="prints a new one"):
        accounts.setup_link(secret)


def test_an_operator_made_otherwise_ends_a_link_that_was_printed(db):
    secret = accounts.first_operator_link().rpartition("/")[2]
    accounts.ensure_user(name="olga", roles=[Role.OPERATOR])
    with pytest.raises(Forbidden):
        accounts.setup_link(secret)


def test_a_link_makes_no_second_operator(ada, emil):
    secret = accounts.first_operator_link().rpartition("/")[2]
    RoleGrant.objects.create(user=ada, role=Role.OPERATOR)
    with pytest.raises(Forbidden, match="has an operator already"):
        accounts.become_operator(secret, user=emil)
    assert not emil.is_operator


@pytest.mark.django_db(transaction=True)
def test_a_link_waits_for_an_operator_who_is_being_made(ada, emil):
    secret = accounts.first_operator_link().rpartition("/")[2]
    told = []

    def open_link():
        try:
            accounts.become_operator(secret, user=emil)
        except Forbidden as error:
            told.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        accounts.grant_role(ada, Role.OPERATOR, granted_by=None)
        opening = threading.Thread(target=open_link)
        opening.start()
        opening.join(0.3)
        assert opening.is_alive(), "it must not go by what is not committed yet"
    opening.join(10)
    assert len(told) == 1
    assert not emil.is_operator
