"""Signing in through another site: the whole OpenID Connect dance with a real provider."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from registry.config.environment import Environment
from registry.config.sign_in import sign_in_settings
from registry.models import User
from registry.servers.redis import free_port
from tests.accounts.people import PASSWORD, who
from tests.accounts.provider import CLIENT, SECRET

LOGIN = "/accounts/oidc/school/login/"
DORA = {
    "sub": "4711",
    "preferred_username": "dora",
    "name": "Dora Doe",
    "email": "dora@school.example",
    "email_verified": True,
}


@pytest.fixture(scope="module")
def address():
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, "-m", "tests.accounts.provider", str(port)])
    for _ in range(100):
        try:
            requests.get(f"{url}/.well-known/openid-configuration", timeout=1)
            break
        except OSError:
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(5)


@pytest.fixture
def school(address, settings, db):
    """`school(claims)`: who signs in there next."""
    server = {"id": "school", "name": "School", "issuer": address}
    server |= {"client_id": CLIENT, "client_secret": SECRET}
    env = Environment({"OIDC_SERVERS": json.dumps([server])})
    made = sign_in_settings(env, https=False)
    settings.SOCIALACCOUNT_PROVIDERS = made["SOCIALACCOUNT_PROVIDERS"]
    return lambda **claims: requests.post(f"{address}/people", json=DORA | claims, timeout=5)


def sent_there(client, **form):
    """Where the button leads: the address at the provider."""
    page = client.post(LOGIN, form)
    assert page.status_code == 200
    return html.unescape(re.search(r'<a class="button" href="([^"]+)"', page.content.decode())[1])


def back_from(there):
    answer = requests.get(there, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def dance(client, **form):
    return client.get(back_from(sent_there(client, **form)), follow=True)


def test_only_configured_sites_are_offered(client, db):
    page = client.get("/login").content.decode()
    assert "Continue with" not in page
    assert client.get("/accounts/oidc/school/login/").status_code == 404
    assert client.get("/accounts/github/login/").status_code == 404


def test_every_kind_of_site_is_configured_by_environment():
    given = {
        "GITHUB_CLIENT_ID": "g",
        "GITHUB_CLIENT_SECRET": "s",
        "GITLAB_CLIENT_ID": "g",
        "GITLAB_CLIENT_SECRET": "s",
        "GITLAB_URL": "https://git.example.org/",
        "HUGGINGFACE_CLIENT_ID": "h",
        "HUGGINGFACE_CLIENT_SECRET": "s",
    }
    providers = sign_in_settings(Environment(given), https=True)["SOCIALACCOUNT_PROVIDERS"]
    assert set(providers) == {"github", "gitlab", "openid_connect"}
    assert providers["gitlab"]["APPS"][0]["settings"]["gitlab_url"] == "https://git.example.org"
    server = providers["openid_connect"]["APPS"][0]["settings"]["server_url"]
    assert server == "https://huggingface.co"


def test_github_and_gitlab_are_offered_with_their_own_addresses(client, db, settings):
    settings.SOCIALACCOUNT_PROVIDERS = {
        "github": {"APPS": [{"client_id": "id", "secret": "s"}]},
        "gitlab": {
            "APPS": [
                {
                    "client_id": "id",
                    "secret": "s",
                    "settings": {"gitlab_url": "https://git.example"},
                }
            ]
        },
    }
    page = client.get("/login").content.decode()
    assert "Continue with GitHub" in page
    assert "Continue with GitLab" in page
    for name, begin in (
        ("github", "https://github.com/login/"),
        ("gitlab", "https://git.example/"),
    ):
        there = client.post(f"/accounts/{name}/login/").content.decode()
        assert f'href="{begin}' in there


def test_a_misspelt_list_of_servers_stops_the_site_with_the_reason():
    from django.core.exceptions import ImproperlyConfigured

    env = Environment({"OIDC_SERVERS": '[{"id": "school"}]'})
    with pytest.raises(ImproperlyConfigured, match="client_secret"):
        sign_in_settings(env, https=True)


def test_somebody_signs_up_and_in_again(client, school, page_rules):
    page_rules(client.get("/login"), "/login")
    school()
    page_rules(client.get(LOGIN), LOGIN)
    page_rules(client.post(LOGIN), LOGIN)
    response = dance(client, next="/tracks")
    assert response.redirect_chain[-1][0] == "/tracks"
    assert who(client) == "dora"
    dora = User.objects.select_related("namespace").get(username="dora")
    assert dora.fullname == "Dora Doe"
    assert dora.namespace.name == "dora"
    assert not dora.has_usable_password()
    assert EmailAddress.objects.get(user=dora).verified
    later = Client()
    dance(later)
    assert who(later) == "dora"
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["Berta", "admin", "has spaces", "", None])
def test_somebody_whose_name_is_taken_or_invalid_chooses_one(
    client, school, berta, page_rules, name
):
    school(preferred_username=name)
    page = dance(client)
    page_rules(page, "/accounts/3rdparty/signup/")
    assert who(client) is None
    form = {"username": "berta", "email": "dora@school.example"}
    again = client.post("/accounts/3rdparty/signup/", form)
    page_rules(again, "/accounts/3rdparty/signup/")
    assert "is taken" in again.content.decode()
    client.post("/accounts/3rdparty/signup/", {**form, "username": "dora-doe"})
    assert who(client) == "dora-doe"
    assert User.objects.get(username="dora-doe").namespace.name == "dora-doe"


@pytest.mark.parametrize("confirmed_there", [True, False])
def test_an_address_of_somebody_opens_no_account_of_theirs(
    client, school, berta, page_rules, confirmed_there
):
    EmailAddress.objects.create(
        user=berta, email="berta@example.org", primary=True, verified=confirmed_there
    )
    school(email="berta@example.org", email_verified=confirmed_there)
    page = dance(client)
    page_rules(page, "/accounts/3rdparty/signup/")
    form = {"username": "dora", "email": "berta@example.org"}
    answer = client.post("/accounts/3rdparty/signup/", form)
    assert "already exists" in answer.content.decode()
    assert who(client) is None
    assert not SocialAccount.objects.exists()


def sent_there_to_connect(client):
    page = client.post(f"{LOGIN}?process=connect")
    return html.unescape(re.search(r'<a class="button" href="([^"]+)"', page.content.decode())[1])


def test_an_account_is_connected_by_whom_it_belongs_to(client, school, berta, page_rules):
    school(sub="berta-there", preferred_username="bb", email="other@school.example")
    client.post("/login", {"login": "berta", "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.get(back_from(sent_there_to_connect(client)))
    assert SocialAccount.objects.get().user == berta
    page = client.get("/accounts/3rdparty/")
    page_rules(page, "/accounts/3rdparty/")
    later = Client()
    dance(later)
    assert who(later) == "Berta"
    client.post("/accounts/3rdparty/", {"account": SocialAccount.objects.get().pk})
    assert not SocialAccount.objects.exists()


def test_connecting_asks_for_the_password_first(client, school, berta):
    school(sub="berta-there")
    client.post("/login", {"login": "berta", "password": PASSWORD})
    response = client.get(back_from(sent_there_to_connect(client)))
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert not SocialAccount.objects.exists()


def test_an_account_there_that_belongs_to_another_stays_theirs(client, school, berta):
    school()
    dance(Client())
    client.post("/login", {"login": "berta", "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.get(back_from(sent_there_to_connect(client)))
    assert SocialAccount.objects.get().user.username == "dora"


def test_the_only_way_in_is_not_cut_off(client, school, page_rules):
    school()
    dance(client)
    answer = client.post("/accounts/3rdparty/", {"account": SocialAccount.objects.get().pk})
    page_rules(answer, "/accounts/3rdparty/")
    assert "no password" in answer.content.decode()
    assert SocialAccount.objects.exists()


def test_an_answer_that_nobody_asked_for_is_refused(client, school, page_rules):
    school()
    theirs = back_from(sent_there(Client()))
    for forged in (
        theirs,
        re.sub("state=[^&]+", "state=forged", theirs),
        theirs.split("&state")[0],
    ):
        answer = client.get(forged, follow=True)
        page_rules(answer, forged)
        assert "could not be used" in answer.content.decode()
    assert who(client) is None
    assert not User.objects.exists()


def test_a_code_works_once(client, school):
    school()
    there = sent_there(client)
    back = back_from(there)
    client.get(back)
    client.post("/logout")
    assert "could not be used" in client.get(back, follow=True).content.decode()
    assert who(client) is None


def test_whoever_stops_it_there_is_told_that_nothing_happened(client, school, page_rules):
    school()
    state = parse_qs(urlsplit(sent_there(client)).query)["state"][0]
    back = f"{LOGIN}callback/?error=access_denied&state={state}"
    answer = client.get(back, follow=True)
    page_rules(answer, back)
    assert "Nothing was changed" in answer.content.decode()


def test_it_leads_to_no_other_site_afterwards(client, school):
    school()
    page = client.post(f"{LOGIN}?next=https://evil.example/")
    there = html.unescape(re.search(r'<a class="button" href="([^"]+)"', page.content.decode())[1])
    assert client.get(back_from(there))["Location"] == "/"


def test_a_closed_site_makes_no_account_by_this_way_either(client, school, settings, page_rules):
    settings.SIGNUP = "closed"
    school()
    page = dance(client)
    page_rules(page, "closed")
    assert not User.objects.exists()


def test_a_bot_and_a_closed_account_do_not_come_in_this_way(client, school):
    school()
    dance(Client())
    User.objects.update(is_bot=True)
    assert "cannot sign in" in dance(client).content.decode()
    assert who(client) is None


def test_a_second_factor_is_asked_for_here_too(client, school):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    school()
    dance(Client())
    TOTP.activate(User.objects.get(), generate_totp_secret())
    page = dance(client)
    assert page.redirect_chain[-1][0].startswith("/accounts/2fa/authenticate/")
    assert who(client) is None
