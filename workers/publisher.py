"""Sends a release to a Hub with the real client, step by step, safe to repeat.

Runs in the publish worker only. Loads nothing: it moves bytes. It knows no Django: the gateway
gives it a plan and records the steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from huggingface_hub import HfApi

CHUNK = 1 << 20
PATHS_PER_CALL = 200


class PublishError(Exception):
    """Why a publication stopped, in words for the page. `temporary`: worth trying again."""

    def __init__(self, message: str, *, temporary: bool = False) -> None:
        super().__init__(message)
        self.temporary = temporary


class Steps(Protocol):
    def begin(self, name: str) -> None: ...
    def finish(self, name: str, detail: dict[str, Any]) -> None: ...


def publish(
    plan: dict[str, Any],
    *,
    token: str,
    fetch: Callable[[dict[str, Any], Path], None],
    steps: Steps,
    work: Path,
) -> str:
    """Make the remote repository hold the plan; return its commit id.

    `fetch(file, target)` brings one file of the released revision to `target`.
    """
    from huggingface_hub import HfApi

    api = HfApi(endpoint=plan["endpoint"], token=token, library_name="commonweight")
    with _translated(plan):
        with _step(steps, "collect") as detail:
            files = _collect(plan, fetch, work)
            detail.update(files=len(files), bytes=sum(f.stat().st_size for f in files.values()))
        with _step(steps, "repository") as detail:
            url = api.create_repo(plan["repo_id"], private=plan["private"], exist_ok=True)
            detail["url"] = str(url)
        with _step(steps, "upload") as detail:
            commit = _upload(api, plan, files)
            detail.update(commit=commit, files=sorted(files), removed=plan["remove"])
        with _step(steps, "verify") as detail:
            detail["sha256"] = _verify(api, plan["repo_id"], commit, files)
        steps.begin("record")
    return commit


@contextmanager
def _step(steps: Steps, name: str) -> Iterator[dict[str, Any]]:
    steps.begin(name)
    detail: dict[str, Any] = {}
    yield detail
    steps.finish(name, detail)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _git_blob_id(path: Path) -> str:
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _collect(
    plan: dict[str, Any], fetch: Callable[[dict[str, Any], Path], None], work: Path
) -> dict[str, Path]:
    """Bring every file into `work` and check it against what the release recorded."""
    files: dict[str, Path] = {}
    for file in plan["files"]:
        target = work / file["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        fetch(file, target)
        found = sha256_of(target) if file["sha256"] else _git_blob_id(target)
        if found != (file["sha256"] or file["oid"]):
            raise PublishError(
                f"{file['path']} does not hold the bytes that were released; nothing was sent"
            )
        files[file["path"]] = target
    for path, text in plan["generated"].items():
        target = work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        files[path] = target
    return files


def _upload(api: HfApi, plan: dict[str, Any], files: dict[str, Path]) -> str:
    """One commit, so that the remote repository is never half a release."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    head = api.repo_info(plan["repo_id"]).sha
    present = _present(api, plan["repo_id"], [*files, *plan["remove"]])
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        CommitOperationAdd(path_in_repo=path, path_or_fileobj=local)
        for path, local in sorted(files.items())
        if present.get(path) not in {sha256_of(local), _git_blob_id(local)}
    ]
    operations += [
        CommitOperationDelete(path_in_repo=path) for path in plan["remove"] if path in present
    ]
    if not operations:
        return str(head)
    info = api.create_commit(
        plan["repo_id"],
        operations,
        commit_message=plan["message"],
        commit_description=plan["description"],
        parent_commit=head,
    )
    return str(info.oid)


def _present(
    api: HfApi, repo_id: str, paths: list[str], revision: str | None = None
) -> dict[str, str]:
    """Path → sha256 (large files) or git blob id of what the remote repository holds."""
    found: dict[str, str] = {}
    for start in range(0, len(paths), PATHS_PER_CALL):
        part = paths[start : start + PATHS_PER_CALL]
        for entry in api.get_paths_info(repo_id, part, revision=revision):
            blob_id = getattr(entry, "blob_id", None)
            if blob_id:
                lfs = getattr(entry, "lfs", None)
                found[entry.path] = lfs.sha256 if lfs else blob_id
    return found


def _verify(api: HfApi, repo_id: str, commit: str, files: dict[str, Path]) -> dict[str, str]:
    """Every file at the remote commit is the file that was sent. Returns path → sha256."""
    present = _present(api, repo_id, list(files), revision=commit)
    verified: dict[str, str] = {}
    for path, local in files.items():
        sha256 = sha256_of(local)
        if present.get(path) not in {sha256, _git_blob_id(local)}:
            raise PublishError(
                f"{path} at {repo_id}@{commit[:10]} is "
                f"{'missing' if path not in present else 'not the file that was sent'}"
            )
        verified[path] = sha256
    return verified


@contextmanager
def _translated(plan: dict[str, Any]) -> Iterator[None]:
    """Client errors become one sentence that says what to do; tokens never appear in it."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    where = f"{plan['repo_id']} on {plan['endpoint']}"
    try:
        yield
    except PublishError:
        raise
    except HfHubHTTPError as error:
        code = error.response.status_code
        if code in {401, 403}:
            raise PublishError(
                f"the Hub refused the stored token for {where} ({code}); store one with write "
                "access and publish again"
            ) from error
        raise PublishError(
            f"the Hub answered {code} for {where}: {error.server_message or 'no reason given'}",
            temporary=code >= 500 or code in {408, 412, 429},
        ) from error
    except (httpx2.TransportError, LocalEntryNotFoundError, OSError) as error:
        raise PublishError(
            f"the Hub at {plan['endpoint']} cannot be reached ({type(error).__name__}); nothing "
            "is lost, the publication goes on when it answers again",
            temporary=True,
        ) from error
