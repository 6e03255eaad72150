"""People, bots, organisations, roles and access tokens."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.models.choices import Choices
from registry.models.names import NAME_LENGTH, validate_namespace


class NamespaceKind(Choices):
    USER = "user", _("person")
    ORGANISATION = "org", _("organisation")


class Namespace(models.Model):
    """The first half of a repository id. People and organisations share one set of names."""

    name = models.CharField(max_length=NAME_LENGTH, validators=[validate_namespace])
    kind = models.CharField(max_length=8, choices=NamespaceKind.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), name="namespace_name_unique_any_case")
        ]

    def __str__(self) -> str:
        return self.name


class Role(Choices):
    """Site-wide roles. Contributor is everyone; maintainer is held on a namespace or repository."""

    LICENCE_REVIEWER = "licence-reviewer", _("licence reviewer")
    PRIVACY_REVIEWER = "privacy-reviewer", _("privacy reviewer")
    TECHNICAL_REVIEWER = "technical-reviewer", _("technical reviewer")
    OPERATOR = "operator", _("operator")


class AccountManager(UserManager["User"]):
    """Creates the namespace together with the person: one never exists without the other."""

    def _create_user(
        self, username: str, email: str | None, password: str | None, **extra: Any
    ) -> User:
        namespace, _ = Namespace.objects.get_or_create(name=username, kind=NamespaceKind.USER)
        user: User = super()._create_user(  # type: ignore[misc]
            username, email, password, namespace=namespace, **extra
        )
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username__iexact=username)


class User(AbstractUser):
    """A person or a bot. Rows of the audit trail and of credit point here and are never removed:
    erasing somebody anonymises this row (`anonymised_at`) and leaves those rows as they are."""

    # unique=True is what Django asks of a sign-in name; the constraint below ignores case too.
    username = models.CharField(
        max_length=NAME_LENGTH, unique=True, validators=[validate_namespace]
    )
    namespace = models.OneToOneField(Namespace, on_delete=models.PROTECT, related_name="user")
    fullname = models.CharField(max_length=200, blank=True)
    about = models.TextField(max_length=1000, blank=True)
    website = models.URLField(blank=True)
    language = models.CharField(max_length=8, blank=True, help_text="Of mails; empty: English.")
    is_bot = models.BooleanField(default=False)
    anonymised_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta(AbstractUser.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_unique_any_case")
        ]

    @property
    def display_name(self) -> str:
        return self.fullname or self.username

    def has_role(self, role: Role) -> bool:
        return self.is_active and self.role_grants.filter(role=role).exists()

    @property
    def is_operator(self) -> bool:
        return self.has_role(Role.OPERATOR)


class RoleGrant(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(max_length=24, choices=Role.choices)
    granted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="role_grant_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"


class Organisation(models.Model):
    namespace = models.OneToOneField(
        Namespace, on_delete=models.PROTECT, related_name="organisation"
    )
    fullname = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.namespace.name


class MemberRole(Choices):
    READ = "read", _("reader")
    WRITE = "write", _("writer")
    MAINTAINER = "maintainer", _("maintainer")


class Membership(models.Model):
    """A person's place in an organisation. A maintainer may do everything its owner may."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=MemberRole.choices, default=MemberRole.WRITE)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "user"], name="membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organisation}: {self.role}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> InvitationQuerySet:
        """Neither answered nor too old."""
        return self.filter(answered_at=None, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """An offer of a place in an organisation, to somebody known or to a mail address.

    The mail carries a secret; only its hash is kept.
    """

    VALID_FOR = dt.timedelta(days=14)

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="invitations"
    )
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=12, choices=MemberRole.choices, default=MemberRole.WRITE)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True, help_text="Accepted or declined.")
    accepted = models.BooleanField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"],
                condition=models.Q(answered_at=None, user__isnull=False),
                name="invitation_once_per_person",
            ),
            models.UniqueConstraint(
                "organisation",
                Lower("email"),
                condition=models.Q(answered_at=None) & ~models.Q(email=""),
                name="invitation_once_per_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.email} to {self.organisation}"


class TokenScope(Choices):
    """Read is part of each. Turning keys, and making and publishing releases, are scopes of their
    own: no leaked upload token reviews, moves main or sends anything to a Hub."""

    READ = "read", _("read")
    WRITE = "write", _("write")
    REVIEW = "review", _("review")
    MAINTAIN = "maintain", _("maintain")


def hash_secret(secret: str) -> str:
    """SHA-256 hex of a high-entropy secret; tokens are random, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


class TokenQuerySet(models.QuerySet["AccessToken"]):
    def usable(self) -> TokenQuerySet:
        return self.filter(user__is_active=True).filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        )


class AccessToken(models.Model):
    """A bearer token, stored as a hash. `hint` is what a list may show of it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    scope = models.CharField(max_length=8, choices=TokenScope.choices, default=TokenScope.READ)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="token_name_once")]

    def __str__(self) -> str:
        return f"{self.user}/{self.name} ({self.hint}…)"

    @staticmethod
    def new_secret() -> str:
        return "hf_" + secrets.token_urlsafe(32).replace("-", "A").replace("_", "B")

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def may_write(self) -> bool:
        return self.scope == TokenScope.WRITE

    @property
    def may_review(self) -> bool:
        return self.scope == TokenScope.REVIEW

    @property
    def may_maintain(self) -> bool:
        return self.scope == TokenScope.MAINTAIN


class SetupLink(models.Model):
    """The one-time link that the first `up` prints: whoever opens it becomes the operator."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    VALID_FOR = dt.timedelta(days=7)

    def __str__(self) -> str:
        return f"set-up link {self.pk}"
