"""People, bots and organisations."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from registry.models import (
    AccessToken,
    Maintainer,
    MemberRole,
    Membership,
    Namespace,
    NamespaceKind,
    Organisation,
    Repository,
    RepoType,
    Role,
    RoleGrant,
    SetupLink,
    TokenScope,
    User,
)
from registry.models.accounts import hash_secret
from registry.models.names import validate_namespace
from registry.services import events, findable, retired_names, search, tokens
from registry.services.errors import Conflict, Forbidden, Invalid, NotFound


@transaction.atomic
def sign_up(*, name: str, email: str, password: str | None, fullname: str = "") -> User:
    """A new person with the namespace of the same name."""
    require_free(name)
    user = User.objects.create_user(name, email, password, fullname=fullname)
    events.record("account.created", actor=user, subject=f"user:{user.pk}")
    search.store([findable.person(user)])
    return user


def require_free(name: str) -> None:
    """Refuse a name that is malformed, reserved, taken, or was taken before, in any case."""
    try:
        validate_namespace(name)
    except ValidationError as wrong:
        raise Invalid(wrong.messages[0], where="name") from wrong
    if Namespace.objects.filter(name__iexact=name).exists():
        raise Conflict(f"The name {name} is taken.", where="name", next="Choose another name.")
    # After the names in use: one that is given up is in either, whenever this looks.
    retired_names.refuse_retired(name)


def of_login(name_or_address: str) -> User | None:
    """Whose account it is that somebody tries to sign in to."""
    found = User.objects.filter(username__iexact=name_or_address).first()
    return found or User.objects.filter(email__iexact=name_or_address).first()


def confirmed_address(user: User) -> str:
    """Where news may be sent: an address that they have shown to be theirs. Empty: none.

    Anybody can sign up with the address of somebody else.
    """
    shown = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True)
    return user.email if user.email and shown.exists() else ""


@transaction.atomic
def create_organisation(*, name: str, fullname: str = "", actor: User | None) -> Organisation:
    """`actor` becomes its first maintainer."""
    require_free(name)
    namespace = Namespace.objects.create(name=name, kind=NamespaceKind.ORGANISATION)
    organisation = Organisation.objects.create(namespace=namespace, fullname=fullname)
    if actor is not None:
        _member(organisation, actor, MemberRole.MAINTAINER)
    events.record("organisation.created", actor=actor, subject=f"organisation:{organisation.pk}")
    search.store([findable.organisation(organisation)])
    return organisation


def _member(organisation: Organisation, user: User, role: MemberRole) -> None:
    """Add, or raise; never lowers a role."""
    place, new = Membership.objects.get_or_create(
        organisation=organisation, user=user, defaults={"role": role}
    )
    if not new and role == MemberRole.MAINTAINER and place.role != role:
        place.role = role
        place.save(update_fields=["role"])


@transaction.atomic
def ensure_user(
    *,
    name: str,
    email: str = "",
    orgs: Iterable[str] = (),
    roles: Iterable[Role | str] = (),
    maintainer_of: Iterable[str] = (),
    token: str | None = None,
    bot: bool = False,
    password: str | None = None,
) -> User:
    """Make or complete a person or a bot; repeating it changes nothing.

    `orgs` are created where they are missing. `maintainer_of` names an organisation, or one
    repository as `namespace/name` or `datasets/namespace/name`. `token` is the value of a
    write token.
    """
    user = User.objects.select_related("namespace").filter(username__iexact=name).first()
    if user is None:
        user = sign_up(name=name, email=email, password=password)
    _update(user, email=email, bot=bot, password=password)
    for org in orgs:
        _member(_organisation(org), user, MemberRole.WRITE)
    for role in roles:
        grant_role(user, Role(role), granted_by=None)
    for target in maintainer_of:
        _make_maintainer(user, target)
    if token:
        _ensure_token(user, token)
    return user


def _update(user: User, *, email: str, bot: bool, password: str | None) -> None:
    changed = []
    if email and user.email != email:
        user.email = email
        changed.append("email")
    if bot and not user.is_bot:
        user.is_bot = True
        changed.append("is_bot")
    if password and not user.check_password(password):
        user.set_password(password)
        changed.append("password")
    if changed:
        user.save(update_fields=changed)


def _organisation(name: str) -> Organisation:
    found = Organisation.objects.filter(namespace__name__iexact=name).first()
    return found or create_organisation(name=name, actor=None)


@transaction.atomic
def grant_role(user: User, role: Role, *, granted_by: User | None) -> None:
    if role is Role.OPERATOR:
        _lock_operators()
    _, new = RoleGrant.objects.get_or_create(
        user=user, role=role, defaults={"granted_by": granted_by}
    )
    if new and role is Role.OPERATOR:
        # A link that was printed before must not make a second one.
        SetupLink.objects.filter(used_at=None).delete()
    if new:
        events.record(
            "role.granted", actor=granted_by, subject=f"user:{user.pk}", data={"role": role.value}
        )


def _make_maintainer(user: User, target: str) -> None:
    if "/" not in target:
        if target.lower() != user.username.lower():
            _member(_organisation(target), user, MemberRole.MAINTAINER)
        return
    repo_type = RepoType.DATASET if target.startswith("datasets/") else RepoType.MODEL
    namespace, _, short = target.removeprefix(repo_type.url_prefix).partition("/")
    repository = Repository.objects.named(repo_type, namespace, short).first()
    if repository is None:
        raise NotFound(
            f"There is no repository {target}.",
            where="--maintainer-of",
            next="Create it first, or name an organisation.",
        )
    Maintainer.objects.get_or_create(repository=repository, user=user)


def _ensure_token(user: User, secret: str) -> None:
    known = AccessToken.objects.filter(digest=hash_secret(secret)).first()
    if known is not None and known.user_id != user.pk:
        raise Conflict(
            "Another person already has a token of this value.",
            where="--token",
            next="Use a value of its own for each person.",
        )
    if known is None:
        count = user.access_tokens.filter(name__startswith="ensure_user").count()
        name = f"ensure_user-{count + 1}" if count else "ensure_user"
        tokens.issue(user, name=name, scope=TokenScope.WRITE, secret=secret)


@transaction.atomic
def choose_language(user: User, *, language: str) -> None:
    user.language = language
    user.save(update_fields=["language"])


def _has_operator() -> bool:
    return RoleGrant.objects.filter(role=Role.OPERATOR, user__is_active=True).exists()


def _lock_operators() -> None:
    """Until the transaction ends nobody else makes an operator, or a link that makes one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('registry.operators'))")


@transaction.atomic
def first_operator_link() -> str | None:
    """A one-time address that makes whoever opens it the operator; None once there is one.

    Only the newest link works.
    """
    _lock_operators()
    if _has_operator():
        return None
    SetupLink.objects.filter(used_at=None).delete()
    secret = secrets.token_urlsafe(24)
    SetupLink.objects.create(
        digest=hash_secret(secret), expires_at=timezone.now() + SetupLink.VALID_FOR
    )
    return f"{settings.SITE_URL}/setup/{secret}"


def setup_link(secret: str) -> SetupLink:
    """The unused, unexpired link of that secret."""
    link = SetupLink.objects.filter(
        digest=hash_secret(secret), used_at=None, expires_at__gt=timezone.now()
    ).first()
    if link is None:
        raise Forbidden(
            "This set-up link is not valid any more.",
            next="Start the site again: as long as it has no operator, it prints a new one.",
        )
    return link


@transaction.atomic
def become_operator(secret: str, *, user: User) -> User:
    """Use the link up for `user`; it makes nobody a second operator."""
    _lock_operators()
    if _has_operator():
        raise Forbidden(
            "This site has an operator already.", next="Ask them, or the site's administrator."
        )
    link = setup_link(secret)
    used = SetupLink.objects.filter(pk=link.pk, used_at=None).update(used_at=timezone.now())
    if not used:
        raise Forbidden("This set-up link was used a moment ago.")
    grant_role(user, Role.OPERATOR, granted_by=None)
    return user
