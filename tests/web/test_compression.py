"""Pages and styles travel compressed; contributors' files as they are."""

from __future__ import annotations

import gzip

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def test_pages_and_styles_are_compressed(scene, client):
    for address in ("/", "/static/registry/site.css", "/static/registry/site.js"):
        plain = client.get(address)
        plain_body = b"".join(plain) if plain.streaming else plain.content
        packed = client.get(address, headers=GZIP)
        assert packed["Content-Encoding"] == "gzip", address
        assert int(packed["Content-Length"]) == len(packed.content) < len(plain_body) / 2
        assert "Accept-Encoding" in packed["Vary"]
        assert "Accept-Encoding" in plain["Vary"], "a cache must not give one for the other"
        assert "Content-Encoding" not in plain
        if address != "/":
            assert gzip.decompress(packed.content) == plain_body
            assert packed["Cache-Control"] == plain["Cache-Control"]
            since = {"If-Modified-Since": packed["Last-Modified"], **GZIP}
            assert client.get(address, headers=since).status_code == 304


def test_files_of_repositories_and_answers_of_the_api_are_not(scene, client):
    model = scene.model.get_absolute_url()
    for address in (f"{model}/resolve/main/README.md", f"{model}/resolve/main/config.json"):
        assert "Content-Encoding" not in client.get(address, headers=GZIP), address
    assert "Content-Encoding" not in client.get("/api/v1/tracks/", headers=GZIP)
