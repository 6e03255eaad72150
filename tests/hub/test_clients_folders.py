"""`upload_folder`, also as a pull request, and what the site needs for large files."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import psutil
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, HfFileSystem
from huggingface_hub.errors import HfHubHTTPError

from contributions.models import Discussion, DiscussionStatus
from registry.models import Repository
from registry.services import blobs, refs

MEGABYTE = 1 << 20


@pytest.fixture
def hub(live_db, ada):
    return HfApi(endpoint=live_db.url, token="hf_ada_token_0000")


@pytest.fixture
def folder(tmp_path):
    for n in range(30):
        (tmp_path / f"part-{n}.txt").write_text(f"text {n}")
    (tmp_path / "weights.bin").write_bytes(b"w" * 5000)
    return tmp_path


def test_a_folder_becomes_a_draft_pull_request(hub, folder):
    hub.create_repo("tiny")
    made = hub.upload_folder(repo_id="ada/tiny", folder_path=folder, create_pr=True)
    assert made.pr_num == 1
    pull = Discussion.objects.get()
    assert pull.status in {DiscussionStatus.DRAFT, DiscussionStatus.OPEN}
    files = hub.list_repo_files("ada/tiny", revision="refs/pr/1")
    assert len(files) == 32
    assert hub.list_repo_files("ada/tiny") == [".gitattributes"]
    hub.upload_folder(
        repo_id="ada/tiny", folder_path=folder, path_in_repo="more", revision="refs/pr/1"
    )
    assert len(hub.list_repo_files("ada/tiny", revision="refs/pr/1")) == 63


def test_patterns_delete_and_gitattributes_stay(hub, folder):
    hub.create_repo("tiny")
    hub.upload_folder(repo_id="ada/tiny", folder_path=folder)
    hub.upload_folder(
        repo_id="ada/tiny", folder_path=folder, allow_patterns="*.bin", delete_patterns="*"
    )
    assert sorted(hub.list_repo_files("ada/tiny")) == [".gitattributes", "weights.bin"]


def test_a_retried_commit_is_one_commit(hub, folder):
    hub.create_repo("tiny")
    parent = hub.repo_info("ada/tiny").sha

    def send(content):
        operations = [CommitOperationAdd("a.txt", content)]
        return hub.create_commit(
            "ada/tiny", operations, commit_message="Add a", parent_commit=parent
        ).oid

    assert send(b"a") == send(b"a")
    with pytest.raises(HfHubHTTPError, match="The branch was updated since") as stale:
        send(b"b")
    assert stale.value.response.status_code == 412


@pytest.mark.slow
def test_large_files_pass_through_without_filling_memory(hub, live_db, tmp_path):
    """64 MB are allowed whatever the file's size (measured with 1 GB: see the README)."""
    source = tmp_path / "big.bin"
    digest = hashlib.sha256()
    with source.open("wb") as file:
        for n in range(200):
            block = bytes([n]) * MEGABYTE
            digest.update(block)
            file.write(block)
    hub.create_repo("tiny")
    hub.upload_file(path_or_fileobj=b"x" * 100, path_in_repo="small.bin", repo_id="ada/tiny")
    before = web_memory(live_db)
    hub.upload_file(path_or_fileobj=source, path_in_repo="big.bin", repo_id="ada/tiny")
    back = Path(hub.hf_hub_download("ada/tiny", "big.bin", cache_dir=tmp_path / "cache"))
    assert web_memory(live_db) - before < 64 * MEGABYTE
    with back.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == digest.hexdigest()
    entry = refs.resolve(Repository.objects.get())
    assert entry.title == "Upload big.bin with huggingface_hub"
    assert blobs.Blob.objects.get(pk=digest.hexdigest()).size == 200 * MEGABYTE


def web_memory(site):
    """Most memory that any web process ever held, in bytes (VmHWM)."""
    port = int(site.url.rpartition(":")[2])
    peak = 0
    for process in psutil.process_iter():
        try:
            if any(f":{port}" in word for word in process.cmdline()):
                status = Path(f"/proc/{process.pid}/status").read_text()
                line = next(x for x in status.splitlines() if x.startswith("VmHWM"))
                peak = max(peak, int(line.split()[1]) * 1024)
        except (psutil.Error, OSError):
            continue
    assert peak
    return peak


def test_a_file_system_lists_reads_parts_and_finds_headers(hub, live_db, tmp_path):
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    weights = struct.pack("<Q", len(header)) + header + struct.pack("<ff", 1.5, -2)
    hub.create_repo("tiny")
    operations = [
        CommitOperationAdd("model.safetensors", weights),
        CommitOperationAdd("data/a.txt", b"0123456789"),
    ]
    hub.create_commit("ada/tiny", operations, commit_message="Add")
    files = HfFileSystem(endpoint=live_db.url, token="hf_ada_token_0000")
    assert sorted(files.ls("ada/tiny", detail=False)) == [
        "ada/tiny/.gitattributes",
        "ada/tiny/data",
        "ada/tiny/model.safetensors",
    ]
    with files.open("ada/tiny/data/a.txt", "rb") as file:
        file.seek(4)
        assert file.read(3) == b"456"
    assert files.exists("ada/tiny/nope") is False
    assert hub.get_safetensors_metadata("ada/tiny").parameter_count == {"F32": 2}
