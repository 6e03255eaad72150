"""Lists of submissions: everybody's with filters, and one's own by what needs one first."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from contributions.models import OfferDraft, PatchKind, Submission, SubmissionStatus, Track
from contributions.models.submissions import SubmissionQuerySet
from contributions.web.lists import SubmissionLine, submission_lines
from contributions.web.standing import standing
from registry.models import User
from registry.web.links import choices, listing, with_value
from registry.web.pages import person, signed_in

_S = SubmissionStatus
# What a reader looks for, and the statuses that it stands for.
STATUS_GROUPS: dict[str, tuple[Any, list[SubmissionStatus]]] = {
    "": (_("all"), []),
    "moving": (_("at work"), [s for s in _S if s.is_moving]),
    "review": (_("in review"), [_S.IN_REVIEW, _S.NEEDS_INFO, _S.CHANGES_REQUESTED]),
    "author": (_("waiting for the author"), [_S.DRAFT, _S.NEEDS_TRACK, _S.REFUSED, _S.FAILED]),
    "approved": (_("approved"), [_S.APPROVED]),
    "released": (_("released"), [_S.RELEASED, _S.PUBLISHED]),
    "closed": (_("closed"), [_S.NOT_ADMITTED, _S.REJECTED, _S.WITHDRAWN, _S.CANCELLED]),
}
SORTS: dict[str, tuple[Any, str]] = {
    "": (_("newest first"), "-id"),
    "oldest": (_("oldest first"), "id"),
}
# What only its contributor can bring on; and what a machine or somebody else is at.
NEEDS_ME = [_S.NEEDS_INFO, _S.CHANGES_REQUESTED, _S.REFUSED, _S.FAILED, _S.NEEDS_TRACK, _S.DRAFT]
AT_WORK = [*(s for s in _S if s.is_moving), _S.IN_REVIEW, _S.APPROVED]
# Filters that are links: the form of the others carries them along.
KEPT = ("status", "kind", "track", "sort")
TRACKS_SHOWN = 20
MINE_SHOWN = 30
LONGEST = 200


@require_GET
def submission_list(request: HttpRequest) -> HttpResponse:
    rows = _filtered(request, Submission.objects.visible_to(person(request)).listed())
    page = listing(request, rows)
    names = (
        Track.objects.visible_to(person(request)).order_by("name").values_list("name", flat=True)
    )
    tracks = [(name, name) for name in names[:TRACKS_SHOWN]]
    context = {
        "listing": page,
        "lines": submission_lines(page.page, viewer=person(request)),
        "status_choices": choices(
            request, "status", [(k, str(v[0])) for k, v in STATUS_GROUPS.items()]
        ),
        "kind_choices": choices(
            request,
            "kind",
            [("", str(_("every kind"))), *((k.value, str(k.label)) for k in PatchKind)],
        ),
        "track_choices": choices(request, "track", [("", str(_("every track"))), *tracks]),
        "sort_choices": choices(request, "sort", [(k, str(v[0])) for k, v in SORTS.items()]),
        "wanted": {key: request.GET.get(key, "") for key in ("q", "by", "repository", "sort")},
        "kept": [(k, v) for k in KEPT if (v := request.GET.get(k))],
        "without_person": with_value(request, "by", ""),
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/submissions.html", context)


def _filtered(request: HttpRequest, rows: SubmissionQuerySet) -> SubmissionQuerySet:
    wanted = request.GET
    if (group := wanted.get("status", "")) in STATUS_GROUPS and group:
        rows = rows.filter(status__in=STATUS_GROUPS[group][1])
    if kind := wanted.get("kind"):
        rows = rows.filter(kind=kind)
    if track := wanted.get("track"):
        seen = Track.objects.visible_to(person(request)).filter(name__iexact=track)
        rows = rows.filter(track__in=seen.values("pk"))
    if by := wanted.get("by", "").strip():
        rows = rows.filter(contributor__username__iexact=by)
    if repository := wanted.get("repository", "").strip():
        namespace, _slash, name = repository.rpartition("/")
        rows = rows.filter(repository__name__iexact=name)
        if namespace:
            rows = rows.filter(repository__namespace__name__iexact=namespace)
    if words := wanted.get("q", "")[:LONGEST].split():
        for word in words[:8]:
            rows = rows.filter(title__icontains=word)
    return rows.order_by(SORTS.get(wanted.get("sort", ""), SORTS[""])[1])


@login_required
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    own = Submission.objects.visible_to(user).filter(contributor=user).listed()
    needs = _needing(own.filter(status__in=NEEDS_ME)[:MINE_SHOWN], user)
    page = listing(request, own.exclude(status__in=[*NEEDS_ME, *AT_WORK]), size=MINE_SHOWN)
    drafts = OfferDraft.objects.filter(author=user, sent_as=None)
    context = {
        "needs": [(line, standing(line.submission)) for line in needs],
        "drafts": drafts.select_related("repository__namespace")[:MINE_SHOWN],
        "at_work": submission_lines(own.filter(status__in=AT_WORK)[:MINE_SHOWN], viewer=user),
        "listing": page,
        "done": submission_lines(page.page, viewer=user),
        "all_of_mine": f"/submissions?by={user.username}",
    }
    return render(request, "contributions/my_submissions.html", context)


def _needing(rows: SubmissionQuerySet, viewer: User) -> list[SubmissionLine]:
    """Questions with a deadline before what only waits for a better commit."""
    return sorted(
        submission_lines(rows, viewer=viewer),
        key=lambda line: NEEDS_ME.index(_S(line.submission.status)),
    )
