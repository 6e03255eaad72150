"""A thread as readers see it: comments rendered within bounds, all else in a line of words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models.functions import Lower
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from contributions.models import Discussion, DiscussionEvent, DiscussionEventKind
from registry.models import Namespace, Repository
from registry.web import references
from registry.web.rendering import markdown

# Bytes of HTML for all comments of one page; one that does not fit has a page of its own.
ROOM = 80_000
LONGEST = 12_000


@dataclass(frozen=True)
class Entry:
    """`html` of a comment; None: it is too long for this page. `words` of anything else."""

    event: DiscussionEvent
    html: SafeString | None = None
    words: str = ""
    may_edit: bool = False
    may_hide: bool = False

    @property
    def is_comment(self) -> bool:
        return self.event.kind == DiscussionEventKind.COMMENT

    @property
    def edits(self) -> int:
        return len(self.event.data.get("history", []))


def entries(
    repository: Repository,
    events: Iterable[DiscussionEvent],
    *,
    user_id: int | None,
    moderates: bool,
) -> list[Entry]:
    """Two queries for whatever the comments refer to."""
    listed = list(events)
    comments = [e for e in listed if e.kind == DiscussionEventKind.COMMENT and not e.hidden]
    known = addresses(repository, [event.text[:LONGEST] for event in comments])
    found, room = [], ROOM
    for event in listed:
        if event.kind != DiscussionEventKind.COMMENT:
            found.append(Entry(event, words=_words(event)))
            continue
        fits = len(event.text) <= min(LONGEST, room)
        html = markdown(event.text, addresses=known) if fits else None
        if html is not None and len(html.encode()) > room:
            html = None
        room -= len(html.encode()) if html else 0
        own = event.author_id == user_id and not event.hidden
        found.append(
            Entry(
                event,
                html=html,
                may_edit=own,
                may_hide=(own or moderates) and not event.hidden,
            )
        )
    return found


def addresses(repository: Repository, texts: Iterable[str]) -> dict[str, str]:
    """Where `@name` and `#3` in the texts lead: people, and discussions of this repository."""
    wanted = {word for text in texts for word in references.found_in(text)}
    names = {word[1:] for word in wanted if word.startswith("@")}
    numbers = {int(word[1:]) for word in wanted if word.startswith("#")}
    known = {}
    if names:
        people = Namespace.objects.annotate(lower=Lower("name")).filter(lower__in=names)
        known = {f"@{name.lower()}": f"/{name}" for name in people.values_list("name", flat=True)}
    if numbers:
        there = Discussion.objects.filter(repository=repository, num__in=numbers)
        at = f"/{repository.path}/discussions"
        known |= {f"#{num}": f"{at}/{num}" for num in there.values_list("num", flat=True)}
    return known


def _words(event: DiscussionEvent) -> str:
    data = event.data
    if event.kind == DiscussionEventKind.COMMIT:
        return str(data.get("subject", ""))
    if event.kind == DiscussionEventKind.TITLE:
        names = {"before": data.get("from", ""), "after": data.get("to", "")}
        return gettext("renamed it from “%(before)s” to “%(after)s”") % names
    return {
        "open": gettext("opened it"),
        "closed": gettext("closed it"),
        "merged": gettext("merged it"),
    }.get(str(data.get("status")), gettext("changed its status"))
