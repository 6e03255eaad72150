"""What the database holds has the ids that git itself computes."""

from __future__ import annotations

import os
import subprocess

import pytest

from registry.models import GitObject, Revision
from registry.services import commits, objects
from registry.services.commits import AddFile, AddLfsFile, DeleteFile


@pytest.fixture
def git(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()

    def run(*arguments, given=b"", **env):
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            input=given,
            capture_output=True,
            check=True,
            env={**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8", **env},
        )
        return done.stdout.decode().strip()

    run("init", "-q")
    return run


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\x00\xff" * 1000, "Grüße\n".encode()])
def test_it_names_a_file_as_git_does(git, content):
    assert objects.blob_object(content).oid == git("hash-object", "--stdin", given=content)


def test_it_names_a_tree_as_git_does_whatever_the_order_of_names(git):
    file = git("hash-object", "-w", "--stdin", given=b"x\n")
    folder = git("mktree", given=f"100644 blob {file}\tinner\n".encode())
    names = ["b", "a", "ä", "Z", "a.txt", "a-b", "a0"]
    tree = dict.fromkeys(names, (objects.FILE_MODE, file))
    # git sorts a folder "a.d" as "a.d/".
    tree |= {"a.d": (objects.FOLDER_MODE, folder), "b0": (objects.FOLDER_MODE, folder)}
    lines = "".join(
        f"{mode:06o} {'tree' if mode == objects.FOLDER_MODE else 'blob'} {oid}\t{name}\n"
        for name, (mode, oid) in tree.items()
    )
    assert objects.tree_object(tree).oid == git("mktree", given=lines.encode())


def test_it_names_a_commit_as_git_does(git, ada):
    tree = git("mktree", given=b"")
    moment = "2026-03-01T12:00:00+00:00"
    person = {"NAME": "ada", "EMAIL": "ada@users.noreply.hub.example", "DATE": moment}
    env = {f"GIT_{who}_{k}": v for who in ("AUTHOR", "COMMITTER") for k, v in person.items()}
    first = git("commit-tree", tree, given=b"First\n", **env)
    second = git(
        "commit-tree", tree, "-p", first, given="Zweiter ß\n\nWhy it is so.\n".encode(), **env
    )

    import datetime as dt

    made = objects.commit_object(
        tree=tree,
        parents=[first],
        author=ada,
        email_host="hub.example",
        title="Zweiter ß",
        message="Why it is so.\n",
        when=dt.datetime.fromisoformat(moment),
    )
    assert made.oid == second


def test_a_whole_commit_is_a_history_that_git_accepts(git, model, ada, tmp_path):
    head = commits.commit(
        model,
        ref="refs/heads/main",
        author=ada,
        title="Add files",
        operations=[
            AddFile("README.md", b"# Tiny\n"),
            AddFile("data/train/a.csv", b"text,label\n"),
            AddFile("data/z.csv", b"text,label\n"),
            AddFile("big.txt", b"0123456789abcdef\n" * 40_000),
        ],
    )
    commits.commit(
        model,
        ref="refs/heads/main",
        author=ada,
        title="Remove one",
        operations=[DeleteFile("data/train"), AddFile("README.md", b"# Tinier\n")],
    )
    for row in GitObject.objects.select_related("content"):
        payload = (
            row.data
            if row.content is None
            else (tmp_path / "storage" / row.content.storage_name).read_bytes()
        )
        assert git("hash-object", "-w", "-t", row.kind, "--stdin", given=bytes(payload)) == row.oid

    last = commits.resolve(model, "main")
    assert git("fsck", "--strict", last.oid) == ""
    assert git("rev-list", last.oid).split() == [last.oid, *reversed_history(model, last)]
    assert git("ls-tree", "-r", "--name-only", last.oid).split() == [
        ".gitattributes",
        "README.md",
        "big.txt",
        "data/z.csv",
    ]
    assert git("show", f"{head.oid}:data/train/a.csv") == "text,label"


def reversed_history(repository, last):
    oids, oid = [], last.parent
    while oid:
        oids.append(oid)
        oid = Revision.objects.get(repository=repository, oid=oid).parent
    return oids


def test_a_large_file_is_a_pointer_in_git(git, model, ada):
    from io import BytesIO

    from registry.services import blobs

    blob = blobs.store(BytesIO(b"weights"), user=ada)
    head = commits.commit(
        model,
        ref="refs/heads/main",
        author=ada,
        title="Weights",
        operations=[AddLfsFile("model.safetensors", blob.sha256)],
    )
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{blob.sha256}\nsize 7\n"
    ).encode()
    entry = objects.entry_at(model, head.oid, "model.safetensors")
    assert entry.oid == git("hash-object", "--stdin", given=pointer)
    assert (entry.size, entry.lfs.size, entry.etag) == (7, 7, blob.sha256)
    assert commits.read_file(model, head, "model.safetensors") == b"weights"
