"""The first page: live figures, what needs help, what waits for you."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from contributions.models import OfferDraft, Submission, SubmissionStatus
from registry.services import repositories


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()
    yield
    cache.clear()


def test_it_shows_what_goes_on_and_what_needs_help(scene, client, page_rules):
    response = client.get("/")
    page_rules(response, "/")
    html = response.content.decode()
    assert "Open tracks that look for contributions" in html
    assert 'href="/submit?repository=ada/digits&amp;track=digits"' in html
    assert "Waiting longest for a reviewer" in html
    assert "Adapter with r = 16" in html
    assert "Most credit in the last 30 days" in html
    assert "Waiting for you" not in html


def test_what_waits_for_a_person_is_theirs_alone(scene, as_person):
    OfferDraft.objects.create(author=scene.emil, title="My unfinished idea")
    html = as_person(scene.emil).get("/").content.decode()
    assert "Waiting for you" in html
    assert "Faster loading" in html  # refused by the check
    assert "My unfinished idea" in html
    html = as_person(scene.berta).get("/").content.decode()
    assert "My unfinished idea" not in html
    assert "Half an idea" in html
    assert "Nothing waits for you" in as_person(scene.ada).get("/").content.decode()


def test_a_reviewer_sees_how_many_reviews_wait(scene, as_person):
    from contributions.services import status

    for submission in Submission.objects.filter(status=SubmissionStatus.IN_REVIEW):
        status.project(submission)
    html = as_person(scene.lena).get("/").content.decode()
    waiting = scene.waiting.review_items.filter(key="licence", closed_at=None).exists()
    assert ("that you may do" in html) is waiting


def test_the_figures_are_live_and_cost_no_query_while_they_stay(scene, client):
    first = client.get("/home/live")
    assert 'hx-get="/home/live"' in first.content.decode()
    assert "<html" not in first.content.decode()
    with CaptureQueriesContext(connection) as queries:
        again = client.get("/home/live", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, len(queries)) == (304, b"", 0)
    repositories.create(
        actor=scene.emil, namespace=scene.emil.namespace, name="one-more", repo_type="model"
    )
    cache.clear()  # what seconds do
    later = client.get("/home/live", headers={"If-None-Match": first["ETag"]})
    assert later.status_code == 200


def test_figures_of_private_repositories_are_no_figures(scene, client):
    before = client.get("/home/live")["ETag"]
    repositories.create(
        actor=scene.emil,
        namespace=scene.emil.namespace,
        name="kept-secret",
        repo_type="model",
        private=True,
    )
    cache.clear()
    assert client.get("/home/live")["ETag"] == before
    html = client.get("/").content.decode()
    assert "kept-secret" not in html


def test_pages_answer_without_the_cache(scene, client):
    nowhere = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:9/0",
    }
    with override_settings(CACHES={"default": nowhere}):
        for address in ("/", "/home/live", "/models", "/models?sort=gain", "/search?q=digits"):
            assert client.get(address).status_code == 200, address
