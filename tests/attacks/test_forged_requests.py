"""Requests that another site makes a browser send, and addresses that lead away from this one."""

from __future__ import annotations

import re

from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern

from registry.services import tokens
from tests.attacks import crawl

# The Hub protocol authenticates by token only; whoever follows an unsubscribe link has no session.
NO_SESSION = ("registry.hub", "contributions.hub")
BY_SIGNATURE = {"notifications/off/<str:token>"}
VALUES = {"int": "1", "str": "x", "slug": "x", "path": "x", "ns": "ada", "name": "digits"}
EVIL = [
    "//evil.example", "https://evil.example", "https:evil.example", "///evil.example/%2f..",
    "/\\evil.example", "\\\\evil.example", "http:///evil.example", "javascript:alert(1)",
    "/%0d%0aSet-Cookie:evil=1", "\r\nLocation: https://evil.example", "//evil.example\\@testserver",
    "https://testserver@evil.example", "https://testserver.evil.example", "data:text/html,x",
    "/\t/evil.example", "http:evil.example", "%2f%2fevil.example",
]  # fmt: skip


def _routes(resolver, prefix=""):
    for entry in resolver.url_patterns:
        route = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLPattern):
            yield route, entry
        else:
            yield from _routes(entry, route)


def _pages():
    for route, entry in _routes(get_resolver()):
        module = entry.callback.__module__
        if module.startswith(NO_SESSION) or route in BY_SIGNATURE:
            continue
        filled = re.sub(r"<(?:(\w+):)?\w+>", lambda m: VALUES[m[1] or "str"], route)
        if re.fullmatch(r"[\w./+-]*", filled):
            yield f"/{filled}"


def test_no_page_and_no_endpoint_acts_for_another_site(scene):
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(scene.vera)
    pages = set(_pages())
    assert len(pages) > 150
    for address in sorted(pages):
        for headers in ({}, {"Origin": "https://evil.example"}):
            sent = "application/json" if address.startswith("/api/v1/") else "text/plain"
            answer = browser.generic("POST", address, "{}", content_type=sent, headers=headers)
            # 404: nothing there to act on; 405: it takes no POST. Nothing else may pass.
            assert answer.status_code in {403, 404, 405}, (address, answer.status_code)
    assert browser.get("/settings").status_code == 200


def test_a_forged_sign_in_is_refused(scene):
    browser = Client(enforce_csrf_checks=True)
    form = {"login": "emil", "password": "correct horse battery"}
    assert browser.post("/login", form).status_code == 403
    assert browser.post("/signup", {"username": "evil"}).status_code == 403
    assert "_auth_user_id" not in browser.session


def test_nobody_is_signed_out_by_a_link(scene, as_person):
    browser = as_person(scene.berta)
    for address in ("/logout", "/accounts/logout/", "/admin/logout/"):
        browser.get(address, follow=True)
        assert browser.get("/settings").status_code == 200, address


def test_an_access_token_needs_no_csrf_token_and_a_cookie_is_none(scene):
    client = Client(enforce_csrf_checks=True)
    _token, secret = tokens.issue(scene.berta, name="ci", scope="write")
    body = {"repository": "ada/digits", "revision": "nothing"}
    bearer = {"Authorization": f"Bearer {secret}"}
    sent = client.post(
        "/api/v1/submissions/", body, content_type="application/json", headers=bearer
    )
    assert sent.status_code == 404
    client.force_login(scene.berta)
    answer = client.post("/api/v1/submissions/", body, content_type="application/json")
    assert answer.status_code == 403


def test_cookies_stay_on_this_site(scene, settings):
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"
    browser = Client()
    browser.post("/settings/theme", {"theme": "dark"})
    browser.post("/settings/language", {"language": "zh-hans"})
    browser.get("/login")
    sent = browser.post("/login", {"login": "berta", "password": "correct horse battery"}).cookies
    assert sent["sessionid"]["httponly"]
    assert sent["sessionid"]["samesite"] == "Lax"
    for name in ("theme",):
        assert browser.cookies[name]["samesite"] == "Lax"


# --- where one is sent ----------------------------------------------------------------------------


def _leads_away(response):
    to = response.get("Location", "")
    assert "\r" not in to
    assert "\n" not in to
    if "evil" in response.cookies:
        return True
    plain = "".join(c for c in to if c > " ").replace("\\", "/")
    if plain.startswith(f"{crawl.SITE}/"):
        return False
    return plain.startswith("//") or re.match(r"[a-z][a-z0-9+.-]*:", plain.lower()) is not None


def test_no_form_leads_to_another_site(scene, as_person):
    """All the names that such a field may have at once: whichever is heeded, leads away."""
    s = scene
    names = ["next", "then", "redirect", "redirect_to", "url", "return_to"]
    posts = {
        "/settings/theme": {"theme": "dark"},
        "/settings/language": {"language": "en"},
        "/notifications/read": {"query": "?show=all"},
        f"/runs/{s.training.pk}/cancel": {},
        f"/runs/{s.training.pk}/again": {},
        f"/submissions/{s.recipe.pk}/rerun": {},
        "/admin/reviews/next/": {},
        "/logout": {},
    }
    for evil in EVIL:
        browser = as_person(s.vera)
        for address, form in posts.items():
            if address == "/logout":
                browser.force_login(s.emil)
            answer = browser.post(address, {**form, **dict.fromkeys(names, evil)})
            assert not _leads_away(answer), (address, evil, answer.get("Location"))
            query = "&".join(f"{name}={evil}" for name in names)
            asked = browser.post(f"{address}?{query}", form)
            assert not _leads_away(asked), (address, evil, asked.get("Location"))
        answer = browser.post("/notifications/read", {"query": evil})
        assert not _leads_away(answer)


def test_signing_in_leads_to_no_other_site(scene, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    for number, evil in enumerate(EVIL):
        for field in ("next",):
            browser = Client()
            form = {"login": "emil", "password": "correct horse battery", field: evil}
            for answer in (
                browser.post("/login", form),
                browser.get("/login", {field: evil}),
                browser.get("/signup", {field: evil}),
                Client().post(
                    "/signup",
                    {
                        "username": f"new-{number}", "password1": "a long enough one",
                        "password2": "a long enough one", field: evil,
                    },
                ),
            ):  # fmt: skip
                assert not _leads_away(answer), (evil, answer.get("Location"))


def test_no_address_with_odd_slashes_leads_to_another_site(scene, as_person):
    browser = as_person(None)
    for evil in (
        "//evil.example/..", "/%5cevil.example", "//evil.example/login/", "/%2fevil.example/",
        "//evil.example/admin", "/login//evil.example", "/admin//evil.example",
        "/accounts/login/?next=//evil.example", "/api/v1//evil.example",
    ):  # fmt: skip
        answer = browser.get(evil)
        assert not _leads_away(answer), (evil, answer.get("Location"))
        browser.raise_request_exception = False
