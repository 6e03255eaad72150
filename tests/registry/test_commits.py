"""Commits: what they build, what they refuse, and that repeating one changes nothing."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from registry.models import Event, GitObject, PathChange, Repository
from registry.services import commits, objects, refs
from registry.services.commits import AddFile, CopyFrom, DeleteFile, DeleteFolder
from registry.services.errors import (
    Conflict,
    EntryNotFound,
    InvalidPath,
    RevisionNotFound,
    ServiceError,
    StaleParent,
)
from tests.registry.files import put

MAIN = "refs/heads/main"


def commit(repository, author, *operations, ref=MAIN, title="Change", **options):
    return commits.commit(
        repository, ref=ref, author=author, title=title, operations=operations, **options
    )


def paths(repository, rev="main"):
    oid = refs.resolve(repository, rev).oid
    return [e.path for e in objects.ls_tree(repository, oid, recursive=True) if e.is_file]


def test_a_commit_writes_one_row_for_each_changed_path(model, ada):
    put(model, ada, {"a.txt": b"1", "d/b.txt": b"22", "m.bin": ("lfs", b"333")})
    made = put(model, ada, {"a.txt": b"1", "d/b.txt": b"2222", "m.bin": None})
    changes = {c.path: (c.size, bool(c.oid)) for c in PathChange.objects.filter(revision=made)}
    assert changes == {"d/b.txt": (4, True), "m.bin": (0, False)}
    assert (made.generation, made.parents) == (2, [made.parent])


def test_deleting_the_last_file_of_a_folder_removes_the_folder(model, ada):
    put(model, ada, {"a/b/c.txt": b"1", "a/x.txt": b"1"})
    commit(model, ada, DeleteFile("a/b/c.txt"))
    assert paths(model) == [".gitattributes", "a/x.txt"]
    commit(model, ada, DeleteFolder("a/"))
    assert paths(model) == [".gitattributes"]
    assert objects.walk(refs.resolve(model).tree)[0].path == ".gitattributes"


def test_deleting_all_leaves_the_empty_tree_of_git(model, ada):
    made = commit(model, ada, DeleteFile(".gitattributes"))
    assert made.tree == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    put(model, ada, {"a": b"1"})
    assert paths(model) == ["a"]


def test_a_file_can_replace_a_folder_when_it_is_deleted_in_the_same_commit(model, ada):
    put(model, ada, {"a/b.txt": b"1"})
    with pytest.raises(InvalidPath, match="a is a folder"):
        commit(model, ada, AddFile("a", b"x"))
    with pytest.raises(InvalidPath, match="is a file"):
        commit(model, ada, AddFile(".gitattributes/x", b"x"))
    with pytest.raises(InvalidPath):
        commit(model, ada, AddFile("new", b"x"), AddFile("new/x", b"x"))
    commit(model, ada, DeleteFolder("a"), AddFile("a", b"x"))
    assert paths(model) == [".gitattributes", "a"]
    commit(model, ada, DeleteFile("a"), AddFile("a/deep/er.txt", b"x"))
    assert paths(model) == [".gitattributes", "a/deep/er.txt"]


def test_deleting_what_is_not_there_says_so(model, ada):
    with pytest.raises(EntryNotFound, match="A file with this name doesn't exist"):
        commit(model, ada, DeleteFile("nope"))
    assert model.revisions.count() == 1


def test_a_copy_keeps_the_object(model, ada):
    put(model, ada, {"m.bin": ("lfs", b"weights"), "a.txt": b"a"})
    head = refs.resolve(model).oid
    made = commit(model, ada, CopyFrom("d/m2.bin", "m.bin", head), CopyFrom("b.txt", "a.txt", head))
    assert commits.read_file(model, made, "d/m2.bin") == b"weights"
    change = PathChange.objects.get(revision=made, path="d/m2.bin")
    assert (change.size, len(change.sha256)) == (7, 64)


def test_repeating_a_commit_returns_the_one_that_exists(model, ada):
    parent = refs.resolve(model).oid
    first = commit(model, ada, AddFile("a", b"1"), parent=parent)
    events = Event.objects.count()
    assert commit(model, ada, AddFile("a", b"1"), parent=parent) == first
    assert commit(model, ada, AddFile("a", b"1"), parent=parent[:7]) == first
    assert commit(model, ada, AddFile("a", b"1")) == first
    assert (model.revisions.count(), Event.objects.count()) == (2, events)


def test_another_persons_commit_of_the_same_tree_is_another_commit(model, ada, emil):
    parent = refs.resolve(model).oid
    first = commit(model, ada, AddFile("a", b"1"), parent=parent)
    second = commit(
        model, emil, AddFile("a", b"1"), ref="refs/pr/1", create_ref=True, parent=parent
    )
    assert (second.tree, second.author) == (first.tree, emil)
    assert second != first


def test_a_stale_parent_is_refused_in_the_words_clients_know(model, ada):
    parent = refs.resolve(model).oid
    commit(model, ada, AddFile("a", b"1"), parent=parent)
    with pytest.raises(StaleParent, match="Please refresh and try again") as stale:
        commit(model, ada, AddFile("a", b"2"), parent=parent)
    assert stale.value.status == 412
    with pytest.raises(RevisionNotFound):
        commit(model, ada, AddFile("a", b"2"), parent="f" * 40)


def test_a_ref_is_made_only_when_asked(model, ada):
    with pytest.raises(RevisionNotFound):
        commit(model, ada, AddFile("a", b"1"), ref="refs/heads/new")
    start = refs.resolve(model).oid
    made = commit(model, ada, AddFile("a", b"1"), ref="refs/runs/1", create_ref=True, parent=start)
    assert refs.current(model, "refs/runs/1") == made.oid
    with pytest.raises(Conflict):
        commit(model, ada, AddFile("a", b"3"), ref="refs/runs/1", create_ref=True, parent=made.oid)


def test_a_merge_has_two_parents(model, ada):
    start = refs.resolve(model)
    side = commit(
        model, ada, AddFile("a", b"1"), ref="refs/pr/1", create_ref=True, parent=start.oid
    )
    merged = commit(model, ada, CopyFrom("a", "a", side.oid), merged=side.oid)
    assert merged.parents == [start.oid, side.oid]
    assert merged.oid != side.oid


def test_a_refused_commit_leaves_nothing(model, ada):
    before = (GitObject.objects.count(), model.revisions.count(), refs.resolve(model).oid)
    for path in ("../x", ".git/x", "a\\b", "/x"):
        with pytest.raises(InvalidPath) as refused:
            commit(model, ada, AddFile("fine", b"x"), AddFile(path, b"x"))
        assert refused.value.status == 422
    assert (GitObject.objects.count(), model.revisions.count(), refs.resolve(model).oid) == before


def test_the_card_at_main_shows_in_lists(model, ada):
    card = b"---\nlicense: mit\nlanguage: de\ndatasets: [ada/x]\ndate: 2026-01-02\n---\n# T\n"
    put(model, ada, {"README.md": card})
    model.refresh_from_db()
    assert model.card == {
        "license": "mit",
        "language": "de",
        "datasets": ["ada/x"],
        "date": "2026-01-02",
    }
    assert model.tags == ["language:de", "de", "license:mit", "dataset:ada/x"]
    put(
        model,
        ada,
        {"README.md": b"none"},
        ref="refs/pr/1",
        create_ref=True,
        parent=refs.resolve(model).oid,
    )
    assert Repository.objects.get(pk=model.pk).tags == model.tags
    put(model, ada, {"README.md": None})
    assert Repository.objects.get(pk=model.pk).card == {}


@pytest.mark.django_db(transaction=True)
def test_commits_at_the_same_moment_lose_nothing(model, ada):
    wrong = []

    def add(n):
        try:
            commit(model, ada, AddFile(f"f{n}.txt", b"x"), title=f"{n}")
        except ServiceError as refused:
            wrong.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(paths(model)) == 7
    assert refs.resolve(model).generation == 6


@pytest.mark.django_db(transaction=True)
def test_of_two_commits_on_the_same_parent_one_is_stale(model, ada, emil):
    parent, said = refs.resolve(model).oid, []

    def add(author, content):
        try:
            commit(model, author, AddFile("a.txt", content), parent=parent)
            said.append("made")
        except StaleParent:
            said.append("stale")
        finally:
            connection.close()

    pairs = [(ada, b"1"), (emil, b"2")]
    threads = [threading.Thread(target=add, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["made", "stale"]


def test_a_path_of_very_many_folders_is_refused(model, ada):
    commit(model, ada, AddFile("a/" * 31 + "b", b"1"))
    with pytest.raises(InvalidPath, match="folders deep"):
        commit(model, ada, AddFile("a/" * 32 + "b", b"1"))


def test_what_a_run_made_has_no_name_for_readers(model, ada):
    made = commit(model, ada, AddFile("a", b"1"), ref="refs/runs/7", create_ref=True)
    with pytest.raises(RevisionNotFound):
        commits.resolve(model, "refs/runs/7")
    assert commits.resolve(model, made.oid).oid == made.oid
