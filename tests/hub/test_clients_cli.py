"""The `hf` command: upload, download, pull requests."""

from __future__ import annotations

import pytest

from contributions.models import Discussion
from registry.models import Repository
from registry.services import commits, refs

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "folder"
    (made / "sub dir").mkdir(parents=True)
    (made / "config.json").write_bytes(b'{"hidden": 8}')
    (made / "sub dir" / "ä.txt").write_text("text")
    (made / "model.safetensors").write_bytes(bytes(range(256)) * 100)
    (made / "README.md").write_text("---\nlicense: mit\ntags: [tiny]\n---\n# Tiny\n")
    (made / "empty.bin").write_bytes(b"")
    return made


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".cache" not in path.parts
    }


def test_a_folder_comes_back_byte_for_byte(run, folder, tmp_path):
    assert "ada" in run("hf", "auth", "whoami")
    run("hf", "upload", "ada/tiny", str(folder), ".")
    made = Repository.objects.get()
    assert (made.full_name, made.tags) == ("ada/tiny", ["tiny", "license:mit"])
    run("hf", "download", "ada/tiny", "--local-dir", str(tmp_path / "back"))
    back = files_of(tmp_path / "back")
    assert back.pop(".gitattributes")
    assert back == files_of(folder)
    # The same again changes nothing, so no commit is made.
    run("hf", "upload", "ada/tiny", str(folder), ".")
    assert made.revisions.count() == 2


def test_a_stranger_proposes_and_main_stays(run, folder, ada):
    run("hf", "repos", "create", "ada/tiny")
    emil = {"token": "hf_emil_token_0000"}
    refused = run("hf", "upload", "ada/tiny", str(folder), ".", fails=True, **emil)
    assert "create" in refused.lower()
    said = run("hf", "upload", "ada/tiny", str(folder), ".", "--create-pr", **emil)
    pull = Discussion.objects.get()
    assert (pull.num, pull.author.username, pull.is_pull_request) == (1, "emil", True)
    assert "/ada/tiny/" in said
    assert refs.resolve(pull.repository).title == "initial commit"
    proposed = commits.read_file(pull.repository, "refs/pr/1", "model.safetensors")
    assert proposed == files_of(folder)["model.safetensors"]


def test_an_upload_goes_to_a_branch_that_it_makes(run, folder):
    run("hf", "upload", "ada/tiny", str(folder), "in/here", "--revision", "feat/x")
    made = Repository.objects.get()
    assert commits.read_file(made, "feat/x", "in/here/config.json") == b'{"hidden": 8}'
    said = run("hf", "download", "ada/tiny", "in/here/config.json", "--revision", "feat/x")
    assert "config.json" in said


def test_a_client_with_xet_is_told_how_to_go_on(run, folder):
    said = run("hf", "upload", "ada/tiny", str(folder), ".", fails=True, HF_HUB_DISABLE_XET="0")
    assert "set-HF_HUB_DISABLE_XET=1" in said
