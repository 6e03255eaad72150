"""Repositories, files and commits as the JSON that the Hub's clients parse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from registry.models import Repository, RepoType, Revision
from registry.services.history import LastCommit
from registry.services.objects import Entry


def moment(when: dt.datetime) -> str:
    """The only form of a date that the clients parse."""
    return (
        when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z"
    )


def repository_info(repository: Repository, *, sha: str | None) -> dict[str, Any]:
    """Everything that one row tells, without files."""
    card = repository.card
    info: dict[str, Any] = {
        "_id": f"{repository.pk:024x}",
        "id": repository.full_name,
        "author": repository.namespace.name,
        "sha": sha,
        "createdAt": moment(repository.created_at),
        "lastModified": moment(repository.updated_at),
        "private": repository.private,
        "gated": repository.gated or False,
        "disabled": repository.disabled,
        "downloads": repository.downloads,
        "downloadsAllTime": repository.downloads,
        "likes": 0,
        "trendingScore": 0,
        "tags": repository.tags,
        "cardData": card,
    }
    if repository.repo_type == RepoType.MODEL:
        info["modelId"] = repository.full_name
        for key in ("library_name", "pipeline_tag"):
            if isinstance(card.get(key), str):
                info[key] = card[key]
    else:
        description = card.get("pretty_name")
        info["description"] = description if isinstance(description, str) else None
    return info


def sibling(entry: Entry, *, blobs: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {"rfilename": entry.path}
    if blobs:
        shape |= {"size": entry.size, "blobId": entry.oid}
        if entry.lfs:
            shape["lfs"] = {
                "sha256": entry.lfs.sha256,
                "size": entry.lfs.size,
                "pointerSize": entry.lfs.pointer_size,
            }
    return shape


def tree_entry(entry: Entry, last: LastCommit | None = None) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "type": entry.kind,
        "oid": entry.oid,
        "size": entry.size,
        "path": entry.path,
    }
    if entry.lfs:
        shape["lfs"] = {
            "oid": entry.lfs.sha256,
            "size": entry.lfs.size,
            "pointerSize": entry.lfs.pointer_size,
        }
    if last is not None:
        shape["lastCommit"] = {"id": last.oid, "title": last.title, "date": moment(last.when)}
    return shape


def tree_entries(entries: Iterable[Entry], last: Mapping[str, LastCommit]) -> list[dict[str, Any]]:
    return [tree_entry(entry, last.get(entry.path)) for entry in entries]


def commit(revision: Revision, *, formatted: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": revision.oid,
        "title": revision.title,
        "message": revision.message,
        "date": moment(revision.created_at),
        "authors": [{"user": revision.author.username}],
    }
    if formatted:
        shape["formatted"] = {
            "title": _escaped(revision.title),
            "message": _escaped(revision.message),
        }
    return shape


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
