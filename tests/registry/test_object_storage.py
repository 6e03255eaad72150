"""Blobs in a store that has no local files, as an object store has none."""

from __future__ import annotations

import io

import pytest

from registry.services import blobs
from registry.services.errors import Invalid, TooLarge
from tests.registry.files import put

DATA = bytes(range(256)) * 1000


@pytest.fixture
def elsewhere(settings):
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "blobs": memory}


def test_files_are_kept_and_served_in_ranges(elsewhere, client, model, ada):
    put(model, ada, {"m.bin": ("lfs", DATA), "big.txt": DATA * 2})
    path = "/ada/tiny/resolve/main/m.bin"
    assert b"".join(client.get(path)) == DATA
    answer = client.get(path, headers={"Range": "bytes=1000-1999"})
    assert (answer.status_code, b"".join(answer)) == (206, DATA[1000:2000])
    assert answer["Content-Length"] == "1000"
    assert b"".join(client.get("/ada/tiny/resolve/main/big.txt")) == DATA * 2


def test_nothing_is_kept_that_was_not_verified(elsewhere, ada):
    with pytest.raises(Invalid, match="Nothing was stored"):
        blobs.store(io.BytesIO(DATA), sha256="0" * 64, user=ada)
    with pytest.raises(Invalid, match="announced"):
        blobs.store(io.BytesIO(DATA), size=5, user=ada)
    with pytest.raises(Invalid, match="were announced"):
        blobs.store(io.BytesIO(DATA), size=len(DATA) + 1, user=ada)
    assert blobs.storage().listdir("") == ([], [])


def test_files_have_a_largest_size(settings, ada):
    settings.MAX_FILE_BYTES = 1000
    with pytest.raises(TooLarge, match="max_shard_size"):
        blobs.store(io.BytesIO(DATA), user=ada)
    with pytest.raises(TooLarge):
        blobs.store(io.BytesIO(DATA), size=len(DATA), user=ada)


def test_large_files_can_come_from_a_host_of_their_own(settings, client, model, ada):
    put(model, ada, {"m.bin": ("lfs", DATA)})
    settings.CONTENT_HOST = "files.example"
    settings.ALLOWED_HOSTS = ["files.example", "testserver"]
    answer = client.get("/ada/tiny/resolve/main/m.bin")
    assert answer.status_code == 302
    assert answer["Location"].startswith("http://files.example/lfs/objects/")
    there = client.get(answer["Location"], headers={"Host": "files.example"})
    assert b"".join(there) == DATA
    head = client.head("/ada/tiny/resolve/main/m.bin")
    assert (head.status_code, head["X-Linked-Size"]) == (200, str(len(DATA)))
