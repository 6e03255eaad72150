"""Discussions and their events in the shape that the Hub's clients parse."""

from __future__ import annotations

from typing import Any

from django.utils.html import linebreaks

from contributions.models import (
    Discussion,
    DiscussionEvent,
    DiscussionEventKind,
    DiscussionStatus,
)
from contributions.services import diffs
from registry.hub.shapes import moment
from registry.models import User
from registry.services import refs


def summary(discussion: Discussion) -> dict[str, Any]:
    repository = discussion.repository
    return {
        "num": discussion.num,
        "title": discussion.title,
        "status": discussion.status,
        "isPullRequest": discussion.is_pull_request,
        "createdAt": moment(discussion.created_at),
        **_author(discussion.author),
        "repo": {"name": repository.full_name, "type": repository.repo_type},
        "pinned": False,
    }


def details(discussion: Discussion, *, with_diff: bool) -> dict[str, Any]:
    events = discussion.events.select_related("author").order_by("id")
    found = summary(discussion) | {"events": [event(item) for item in events]}
    if discussion.is_pull_request:
        found["changes"] = {"base": discussion.base_branch}
        if discussion.merge_oid:
            found["changes"]["mergeCommitId"] = discussion.merge_oid
        found["filesWithConflicts"] = _conflicts(discussion)
        found["diff"] = _diff(discussion) if with_diff else None
    return found


def event(item: DiscussionEvent) -> dict[str, Any]:
    data = _comment(item) if item.kind == DiscussionEventKind.COMMENT else item.data
    return {
        "id": event_id(item),
        "type": item.kind,
        "createdAt": moment(item.created_at),
        **_author(item.author),
        "data": data,
    }


def event_id(item: DiscussionEvent) -> str:
    return f"{item.pk:024x}"


def _author(user: User) -> dict[str, Any]:
    """Without a name the client says “deleted”."""
    return {} if user.anonymised_at else {"author": {"name": user.username}}


def _comment(item: DiscussionEvent) -> dict[str, Any]:
    return {
        "edited": item.edited_at is not None,
        "hidden": item.hidden,
        "latest": {
            "raw": item.text,
            "html": linebreaks(item.text, autoescape=True),
            "updatedAt": moment(item.edited_at or item.created_at),
            **_author(item.author),
        },
        "history": item.data.get("history", []),
    }


def _conflicts(discussion: Discussion) -> list[str] | bool:
    if discussion.status in {DiscussionStatus.MERGED, DiscussionStatus.CLOSED}:
        return []
    proposal = diffs.proposal(discussion)
    return True if proposal is None else proposal.conflicts


def _diff(discussion: Discussion) -> str | None:
    head = refs.current(discussion.repository, discussion.ref)
    return diffs.unified(discussion.repository, discussion.base_oid, head) if head else None
