"""The page of a person or an organisation: what they offer, what they brought."""

from __future__ import annotations

from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contributions.models import Credit, Submission
from contributions.web.lists import submission_lines
from registry.models import Namespace, Repository
from registry.web.links import listing
from registry.web.pages import person


@require_GET
def namespace_page(request: HttpRequest, namespace: str) -> HttpResponse:
    found = (
        Namespace.objects.select_related("user", "organisation")
        .filter(name__iexact=namespace)
        .first()
    )
    if found is None:
        raise Http404(f"There is no person or organisation named {namespace}.")
    if found.name != namespace:
        return HttpResponsePermanentRedirect(f"/{found.name}")
    viewer = person(request)
    owner = getattr(found, "user", None)
    organisation = getattr(found, "organisation", None)
    repositories = (
        Repository.objects.visible_to(viewer)
        .filter(namespace=found)
        .select_related("namespace")
        .annotate(submission_count=Count("submissions", distinct=True))
        .order_by("-updated_at", "-pk")
    )
    submissions = Submission.objects.visible_to(viewer).filter(contributor=owner)
    # Credit is public wherever the release is.
    credits = Credit.objects.filter(
        contributor=owner,
        release__track__repository__in=Repository.objects.visible_to(viewer).values("pk"),
    )
    context = {
        "namespace": found,
        "owner": owner,
        "organisation": organisation,
        "listing": listing(request, repositories),
        "lines": submission_lines(submissions.listed()[:20]) if owner else [],
        "submission_count": submissions.count() if owner else 0,
        "credits": credits.select_related("release__track", "submission").order_by("-pk")[:20]
        if owner
        else [],
        "total": credits.aggregate(total=Sum("amount"))["total"] if owner else None,
        "members": organisation.memberships.select_related("user").order_by("user__username")[:100]
        if organisation
        else [],
    }
    return render(request, "contributions/namespace.html", context)
