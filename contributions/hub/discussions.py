"""`/api/{T}/{id}/discussions…`: discussions and pull requests share one number sequence."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from contributions.hub import discussion_json
from contributions.models import Discussion, DiscussionEvent, DiscussionEventKind, DiscussionStatus
from contributions.services import access, discussions, pull_requests
from registry.hub.routing import HubCall, by_method, hub_view
from registry.models import Repository
from registry.services.access import Need, authorise, can_write
from registry.services.errors import Forbidden, GatedRepo, Invalid, NotFound

PAGE = 50
_TYPES = {"discussion": False, "pull_request": True}
_STATUSES = {
    "open": [DiscussionStatus.OPEN, DiscussionStatus.DRAFT],
    "closed": [DiscussionStatus.CLOSED, DiscussionStatus.MERGED],
}


@hub_view("GET")
def listing(call: HubCall) -> HttpResponse:
    repository = call.repository(Need.READ)
    found = Discussion.objects.filter(repository=repository)
    if (kind := _chosen(call, "type", _TYPES)) is not None:
        found = found.filter(is_pull_request=kind)
    if (statuses := _chosen(call, "status", _STATUSES)) is not None:
        found = found.filter(status__in=statuses)
    if author := call.request.GET.get("author"):
        found = found.filter(author__username__iexact=author)
    page = call.request.GET.get("p", "0")
    if not (page.isascii() and page.isdigit() and len(page) < 7):
        raise Invalid("p must be a page number from 0.", where="p")
    start = int(page) * PAGE
    rows = found.select_related("author").order_by("-num")[start : start + PAGE]
    items = [discussion_json.summary(_on(repository, row)) for row in rows]
    return call.json({"discussions": items, "count": found.count(), "start": start})


def _chosen(call: HubCall, name: str, known: dict[str, Any]) -> Any:
    given = call.request.GET.get(name, "all")
    if given in {"all", ""}:
        return None
    if given not in known:
        raise Invalid(f"{name} must be one of {', '.join(known)} or all.", where=name)
    return known[given]


@hub_view("POST")
def create(call: HubCall) -> HttpResponse:
    """A pull request made here is a draft: its commits follow."""
    repository = call.repository(Need.PROPOSE)
    author, data = call.caller.signed_in("open a discussion"), call.data()
    title, description = _text(data, "title"), _text(data, "description", needed=False)
    if data.get("pullRequest"):
        made = pull_requests.open_pull_request(
            repository=repository, author=author, title=title, description=description, draft=True
        )
    else:
        made = discussions.open_discussion(
            repository, author=author, title=title, description=description
        )
    url = f"{call.url_of(repository)}/discussions/{made.num}"
    return call.json({"num": made.num, "url": url, "pullRequest": made.is_pull_request})


@hub_view("GET")
def details(call: HubCall) -> HttpResponse:
    discussion = _discussion(call, Need.READ)
    with_diff = call.flag("diff") and _may_read_files(call, discussion.repository)
    return call.json(discussion_json.details(discussion, with_diff=with_diff))


@hub_view("POST")
def comment(call: HubCall) -> HttpResponse:
    discussion = _discussion(call, Need.PROPOSE)
    author = call.caller.signed_in("comment")
    made = discussions.comment(discussion, author=author, text=_text(call.data(), "comment"))
    return call.json({"newMessage": discussion_json.event(made)})


@hub_view("POST")
def edit_comment(call: HubCall) -> HttpResponse:
    item = _comment(call, may_moderate=False)
    editor = call.caller.signed_in("edit a comment")
    made = discussions.edit_comment(item, editor=editor, text=_text(call.data(), "content"))
    return call.json({"updatedComment": discussion_json.event(made)})


@hub_view("POST")
def hide_comment(call: HubCall) -> HttpResponse:
    item = _comment(call, may_moderate=True)
    made = discussions.hide_comment(item, actor=call.caller.signed_in("hide a comment"))
    return call.json({"updatedComment": discussion_json.event(made)})


@hub_view("POST")
def rename(call: HubCall) -> HttpResponse:
    discussion = _discussion(call, Need.WRITE)
    actor = call.caller.signed_in("rename it")
    made = discussions.rename(discussion, actor=actor, title=_text(call.data(), "title"))
    return call.json({"newTitle": discussion_json.event(made)})


@hub_view("POST")
def change_status(call: HubCall) -> HttpResponse:
    discussion = _discussion(call, Need.WRITE)
    data = call.data()
    status = _text(data, "status")
    if status not in {DiscussionStatus.OPEN, DiscussionStatus.CLOSED}:
        raise Invalid("The status must be open or closed.", where="status")
    made = discussions.set_status(
        discussion,
        actor=call.caller.signed_in("change the status"),
        status=DiscussionStatus(status),
        text=_text(data, "comment", needed=False),
    )
    return call.json({"newStatus": discussion_json.event(made)})


@hub_view("POST")
def merge(call: HubCall) -> HttpResponse:
    discussion = _discussion(call, Need.PROPOSE)
    actor = call.caller.signed_in("merge")
    if not can_write(actor, discussion.repository):
        raise Forbidden(
            f"Only those who may write to {discussion.repository} may merge.",
            next="Ask one of them, for example in a comment.",
        )
    text = _text(call.data(), "comment", needed=False)
    revision = pull_requests.merge(discussion, actor=actor, text=text)
    return call.json({"mergeCommitId": revision.oid, "status": DiscussionStatus.MERGED})


collection = by_method(GET=listing, POST=create)


def _discussion(call: HubCall, need: Need) -> Discussion:
    repository = call.repository(Need.READ)
    num = call.tail[0]
    if not (num.isascii() and num.isdigit() and len(num) < 10):
        raise NotFound(f"“{num[:20]}” is no number of a discussion.")
    found = access.discussion(call.caller, repository, int(num), need=need)
    return _on(repository, found)


def _on(repository: Repository, discussion: Discussion) -> Discussion:
    """With the repository that was read already."""
    discussion.repository = repository
    return discussion


def _comment(call: HubCall, *, may_moderate: bool) -> DiscussionEvent:
    """A comment of the caller's; who may write to the repository may hide those of others."""
    discussion = _discussion(call, Need.PROPOSE)
    user = call.caller.signed_in("change a comment")
    try:
        number = int(call.tail[2], 16)
    except ValueError:
        number = 0
    found = (
        discussion.events.select_related("author")
        .filter(pk=min(number, 2**62), kind=DiscussionEventKind.COMMENT)
        .first()
    )
    if found is None:
        raise NotFound(f"There is no comment {call.tail[2][:40]} in this discussion.")
    if found.author != user and not (may_moderate and can_write(user, discussion.repository)):
        raise Forbidden("This is somebody else's comment.", next="Write one of your own.")
    return found


def _may_read_files(call: HubCall, repository: Repository) -> bool:
    """The diff shows file contents, which a gated repository keeps back."""
    try:
        authorise(call.caller, repository, need=Need.CONTENT)
    except GatedRepo:
        return False
    return True


def _text(data: dict[str, Any], key: str, *, needed: bool = True) -> str:
    found = data.get(key)
    if found is None and not needed:
        return ""
    if not isinstance(found, str):
        raise Invalid(f"“{key}” must be a text.", where=key)
    return found
