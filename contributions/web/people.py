"""The page of a person or an organisation: what they offer, what they brought."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Lower, TruncDay
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contributions.models import Credit, Review, Submission
from contributions.web.credit_chart import Gain, credit_chart
from contributions.web.lists import submission_lines
from registry.models import Namespace, Organisation, Repository, User
from registry.web.links import listing
from registry.web.pages import person

NEWEST_DAYS, SHOWN_CREDITS = 500, 20
SHOWN_SUBMISSIONS, SHOWN_PEOPLE = 20, 100


@require_GET
def namespace_page(request: HttpRequest, namespace: str) -> HttpResponse:
    found = (
        Namespace.objects.select_related("user", "organisation")
        .annotate(lower=Lower("name"), reviews=_counted(Review, "reviewer", "user"))
        .filter(lower=namespace.lower())
        .first()
    )
    if found is None:
        raise Http404(f"There is no person or organisation named {namespace}.")
    if found.name != namespace:
        return HttpResponsePermanentRedirect(f"/{found.name}")
    viewer = person(request)
    owner: User | None = getattr(found, "user", None)
    organisation: Organisation | None = getattr(found, "organisation", None)
    of_whom = _of_person(viewer, owner) if owner else _of_organisation(viewer, organisation)
    context = {
        "namespace": found,
        "owner": owner,
        "organisation": organisation,
        "own_page": viewer is not None and viewer == owner,
        "listing": listing(request, _repositories(viewer, found)),
        **_credit(_visible_credits(viewer, found, owner), viewer, by_person=owner is None),
        **of_whom,
    }
    return render(request, "contributions/namespace.html", context)


def _counted(model: Any, field: str, of: str) -> Coalesce:
    """How many rows name it, without a join."""
    rows = model.objects.filter(**{field: OuterRef(of)}).order_by().values(field)
    return Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number")), Value(0))


def _repositories(viewer: User | None, namespace: Namespace) -> QuerySet[Repository]:
    return (
        Repository.objects.visible_to(viewer)
        .filter(namespace=namespace)
        .select_related("namespace")
        .annotate(submission_count=_counted(Submission, "repository", "pk"))
        .order_by("-updated_at", "-pk")
    )


def _of_person(viewer: User | None, owner: User) -> dict[str, Any]:
    submissions = Submission.objects.visible_to(viewer).filter(contributor=owner)
    website = owner.website if owner.website.startswith(("https://", "http://")) else ""
    return {
        "lines": submission_lines(submissions.listed()[:SHOWN_SUBMISSIONS], viewer=viewer),
        "submission_count": submissions.count(),
        "website": website,
        "memberships": owner.memberships.select_related("organisation__namespace").order_by(
            "organisation__namespace__name"
        )[:SHOWN_PEOPLE],
        "roles": [grant.get_role_display() for grant in owner.role_grants.order_by("role")],
    }


def _of_organisation(viewer: User | None, organisation: Organisation | None) -> dict[str, Any]:
    if organisation is None:
        return {}
    members = list(
        organisation.memberships.select_related("user").order_by("user__username")[:SHOWN_PEOPLE]
    )
    return {
        "members": members,
        "is_member": any(member.user == viewer for member in members),
        "all_members_shown": len(members) < SHOWN_PEOPLE,
    }


def _visible_credits(
    viewer: User | None, namespace: Namespace, owner: User | None
) -> QuerySet[Credit]:
    """Credit is public wherever the release is. An organisation's is what was brought to it."""
    repositories = Repository.objects.visible_to(viewer)
    if owner is not None:
        return Credit.objects.filter(
            contributor=owner, release__track__repository__in=repositories.values("pk")
        )
    own = repositories.filter(namespace=namespace).values("pk")
    return Credit.objects.filter(release__track__repository__in=own)


def _credit(credits: QuerySet[Credit], viewer: User | None, *, by_person: bool) -> dict[str, Any]:
    totals = {
        row["track"]: row["total"]
        for row in credits.order_by()
        .values(track=F("release__track__name"))
        .annotate(total=Sum("amount"))
    }
    # What was offered to a closed repository has gained what it has; its name is not told.
    seen = Repository.objects.visible_to(viewer).filter(pk=OuterRef("submission__repository"))
    shown = (
        credits.select_related("release__track", "submission")
        .annotate(may_see=Exists(seen))
        .order_by("-pk")
    )
    people = credits.order_by().values(name=F("contributor__username"))
    return {
        "credits": list(shown[:SHOWN_CREDITS]) if totals else [],
        "credit_chart": credit_chart(_gains(credits), totals, now=timezone.now())
        if totals
        else None,
        "track_totals": sorted(totals.items(), key=lambda pair: -pair[1]),
        "total": sum(totals.values()) if totals else None,
        "credit_by_person": people.annotate(
            total=Sum("amount"), releases=Count("release", distinct=True)
        ).order_by("-total")[:SHOWN_CREDITS]
        if by_person and totals
        else [],
    }


def _gains(credits: QuerySet[Credit]) -> list[Gain]:
    """Of each track and day, the newest days only: no chart shows more."""
    days = (
        credits.order_by()
        .values(
            track=F("release__track__name"),
            day=TruncDay(Coalesce("release__released_at", "created_at")),
        )
        .annotate(total=Sum("amount"))
        .order_by("-day")[:NEWEST_DAYS]
    )
    return [Gain(row["track"], row["day"], row["total"]) for row in days]
