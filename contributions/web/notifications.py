"""The centre of a person's news, its bell on every page, and how they want to be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, IntegerField, OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contributions.models import Notification, NotificationKind, Track
from contributions.services import interests, mail_links, notifications
from contributions.web.notification_form import KIND_NAMES, KIND_WORDS, WishesForm
from registry.models import RoleGrant, User
from registry.services import accounts
from registry.web.links import choices, listing
from registry.web.pages import signed_in

BELL_MOST = 99


def bell(request: HttpRequest) -> dict[str, Any]:
    """For base.html: how much is unread, and whether the dashboard is for this person.

    One query, and only on pages that show it: parts of pages and anonymous people cost none, nor
    does the dashboard, which has read it along with what its pages need.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"bell": None}
    return {"bell": SimpleLazyObject(lambda: _bell(user, getattr(request, "staff", None)))}


def unread() -> Subquery:
    """How much of it a person has not read; none: NULL."""
    rows = Notification.objects.filter(user=OuterRef("pk"), read_at=None).order_by()
    counted = rows.values("user").annotate(number=Count("pk")).values("number")
    return Subquery(counted, output_field=IntegerField())


def _bell(user: User, staff: Any) -> dict[str, Any]:
    if staff is not None and "unread" in staff.along:
        return _drawn(staff.along["unread"], staff.may_enter)
    row = User.objects.filter(pk=user.pk).values_list(
        unread(),
        Exists(RoleGrant.objects.filter(user=OuterRef("pk"))),
        Exists(Track.objects.filter(repository__in=interests.owned_by(user).values("pk"))),
    )
    number, has_role, has_track = row.first() or (0, False, False)
    return _drawn(number, (has_role or has_track) and not user.is_bot)


def _drawn(unread: int | None, enters: bool) -> dict[str, Any]:
    number = unread or 0
    label = f"{BELL_MOST}+" if number > BELL_MOST else str(number)
    return {"unread": number, "label": label, "dashboard": enters}


@dataclass(frozen=True)
class Line:
    notification: Notification
    kind: Any
    # Its repository has been closed to the reader since.
    closed: bool


@login_required
@never_cache
@require_GET
def centre(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    rows = Notification.objects.filter(user=user, in_app=True).order_by("-id")
    if request.GET.get("show") != "all":
        rows = rows.filter(read_at=None)
    if (kind := request.GET.get("kind", "")) in NotificationKind.values:
        rows = rows.filter(kind=kind)
    listed = listing(request, rows)
    kinds = [("", _("Every kind")), *((k.value, str(KIND_NAMES[k])) for k in NotificationKind)]
    context = {
        "listing": listed,
        "lines": _lines(user, listed.page),
        "show_choices": choices(request, "show", [("", _("Unread")), ("all", _("All"))]),
        "kind_choices": choices(request, "kind", kinds),
        "all_shown": request.GET.get("show") == "all",
    }
    return render(request, "contributions/notifications.html", context)


def _lines(user: User, page: Iterable[Notification]) -> list[Line]:
    rows = list(page)
    about = [row.pk for row in rows if row.repository_id is not None]
    seen = notifications.readable(user).filter(pk__in=about).values_list("pk", flat=True)
    closed = set(about) - set(seen if about else ())
    return [
        Line(row, KIND_NAMES[NotificationKind(row.kind)], closed=row.pk in closed) for row in rows
    ]


@login_required
@never_cache
@require_GET
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """To the page that the news is about; it is read then."""
    user = signed_in(request)
    found = Notification.objects.filter(pk=pk, user=user).first()
    if found is None:
        raise Http404("You have no such notification.")
    notifications.mark_read(user, ids=[found.pk])
    return HttpResponseRedirect(found.url)


@login_required
@require_POST
def mark(request: HttpRequest) -> HttpResponse:
    """`read` or `unread`: the number of one; neither: all are read."""
    user = signed_in(request)
    read, unread = request.POST.get("read", ""), request.POST.get("unread", "")
    if unread.isdecimal() and len(unread) < 19:
        notifications.mark_unread(user, ids=[int(unread)])
    elif read.isdecimal() and len(read) < 19:
        notifications.mark_read(user, ids=[int(read)])
    elif not read and not unread:
        count = notifications.mark_read(user)
        said = ngettext(
            "%(n)d notification is read now.", "%(n)d notifications are read now.", count
        )
        messages.success(request, said % {"n": count})
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The list as it was shown; only its query is taken from the form."""
    query = request.POST.get("query", "")
    plain = query.startswith("?") and query.isprintable() and len(query) < 200
    return f"/notifications{query if plain else ''}"


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def wishes(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = WishesForm(request.POST or None, wishes=notifications.wishes(user))
    if request.method == "POST" and form.is_valid():
        notifications.choose(user, wishes=form.wishes())
        messages.success(request, _("You will be told so from now on."))
        return HttpResponseRedirect("/settings/notifications")
    context = {"form": form, "confirmed": bool(accounts.confirmed_address(user))}
    return render(request, "contributions/notification_settings.html", context)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def mails_off(request: HttpRequest, token: str) -> HttpResponse:
    """The link in a mail. Programs that read mail send the POST for their owner (RFC 8058): they
    have no session, and the signature in the address is all that allows it."""
    user, kinds, _kind = mail_links.read_off_link(token)
    done = request.method == "POST"
    if done:
        notifications.mails_off(user, kinds=kinds)
    context = {"person": user, "names": [KIND_WORDS[kind] for kind in kinds], "done": done}
    response = render(request, "contributions/mail_off.html", context)
    response["Referrer-Policy"] = "no-referrer"  # the address is a key
    return response
