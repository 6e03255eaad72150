"""Pages of organisations: who belongs to them, and how others come to."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry.models import (
    Invitation,
    MemberRole,
    Membership,
    Organisation,
    User,
)
from registry.services import accounts, invitation_mail, organisations
from registry.services.errors import NotFound, ServiceError, SignInNeeded
from registry.web.links import listing
from registry.web.organisation_forms import InviteForm, OrganisationForm, RoleForm
from registry.web.pages import attempt, person, sentence, signed_in


def _address(organisation: Organisation) -> str:
    return f"/organisations/{organisation.namespace.name}"


@login_required
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    places = user.memberships.select_related("organisation__namespace")
    waiting = Invitation.objects.open().filter(user=user)
    context = {
        "listing": listing(request, places.order_by("organisation__namespace__name")),
        "waiting": waiting.select_related("organisation__namespace", "invited_by")[:50],
    }
    return render(request, "registry/organisations.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = accounts.create_organisation(actor=signed_in(request), **form.cleaned_data)
        except ServiceError as error:
            form.add_error(error.where if error.where in form.fields else None, sentence(error))
        else:
            messages.success(request, _("The organisation is made. Invite its members."))
            return HttpResponseRedirect(_address(made))
    return render(request, "registry/new_organisation.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def organisation_page(request: HttpRequest, name: str) -> HttpResponse:
    """Members for everybody; invitations for its maintainers. A new link is shown this once."""
    try:
        organisation = organisations.named(name)
    except NotFound:
        # A link that names a person as if they were an organisation.
        if (somebody := User.objects.filter(username__iexact=name).first()) is None:
            raise
        return HttpResponseRedirect(f"/{somebody.username}")
    if request.method == "GET" and organisation.namespace.name != name:
        return HttpResponseRedirect(_address(organisation))
    user = person(request)
    form, link = InviteForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        link = _invite(request, organisation, form)
        form = InviteForm() if link else form
    members = organisation.memberships.select_related("user").order_by("user__username")
    may = organisations.may_administer(user, organisation)
    context = {
        "organisation": organisation,
        "listing": listing(request, members),
        "may": may,
        "roles": MemberRole,
        "own_place": user and members.filter(user=user).first(),
        "waiting": organisation.invitations.open().select_related("user") if may else [],
        "form": form,
        "link": link,
    }
    return render(request, "registry/organisation.html", context)


def _invite(request: HttpRequest, organisation: Organisation, form: InviteForm) -> str:
    """The link of the new invitation; empty where it was refused."""
    actor = person(request)
    if actor is None:
        raise SignInNeeded("invite somebody")
    try:
        made, secret = organisations.invite(organisation, actor=actor, **form.cleaned_data)
    except ServiceError as error:
        if error.where not in form.fields:
            raise
        form.add_error(error.where, sentence(error))
        return ""
    if invitation_mail.send(made, secret):
        messages.success(request, _("Invited. A mail with the link is on its way."))
    return invitation_mail.link(secret)


@login_required
@require_POST
def withdraw(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    organisation = organisations.named(name)
    invitation = get_object_or_404(organisation.invitations.all(), pk=pk)
    return attempt(
        request,
        lambda: organisations.withdraw(invitation, actor=signed_in(request)),
        done=_("The invitation is withdrawn."),
        then=_address(organisation),
    )


@login_required
@require_POST
def change_role(request: HttpRequest, name: str, username: str) -> HttpResponse:
    place = _place(name, username)
    form = RoleForm(request.POST)
    if form.is_valid():
        return attempt(
            request,
            lambda: organisations.change_role(
                place, role=form.cleaned_data["role"], actor=signed_in(request)
            ),
            done=_("%(name)s has another role now.") % {"name": place.user.username},
            then=_address(place.organisation),
        )
    return HttpResponseRedirect(_address(place.organisation))


@login_required
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, name: str, username: str) -> HttpResponse:
    """Removing somebody and leaving oneself, after a question."""
    place, user = _place(name, username), signed_in(request)
    if request.method == "GET":
        organisations.refuse_removal(place, actor=user)
        return render(request, "registry/leave.html", {"place": place})
    return attempt(
        request,
        lambda: organisations.remove(place, actor=user),
        done=_("%(name)s does not belong to it any more.") % {"name": place.user.username},
        then=_address(place.organisation),
    )


def _place(name: str, username: str) -> Membership:
    places = Membership.objects.select_related("organisation__namespace", "user")
    organisation = organisations.named(name)
    return get_object_or_404(places, organisation=organisation, user__username__iexact=username)
