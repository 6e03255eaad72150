"""What django-allauth asks of this site: who may sign in, how an account is made, who asks."""

from __future__ import annotations

import base64
import ipaddress
import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from registry.models import AccessToken, User
from registry.services import accounts, organisations
from registry.services.errors import ServiceError
from registry.web.pages import sentence

log = logging.getLogger(__name__)

INVITATION = "invitation"
NO_ADDRESS = str(ipaddress.IPv4Address(0))
SITE_NAME = "Commonweight"


def may_sign_in(user: User) -> bool:
    """Programs use access tokens; whoever erased their account is gone."""
    return user.is_active and not user.is_bot and user.anonymised_at is None


class AccountBackend(AuthenticationBackend):
    """By name in any case, or by e-mail address."""

    def user_can_authenticate(self, user: User) -> bool:
        return may_sign_in(user)


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        if settings.SIGNUP == "invite":
            return organisations.is_invited(request.session.get(INVITATION, ""))
        return bool(settings.SIGNUP == "open")

    def clean_username(self, username: str, shallow: bool = False) -> str:
        try:
            accounts.require_free(username)
        except ServiceError as error:
            raise ValidationError(sentence(error)) from error
        return username

    def save_user(
        self, request: HttpRequest, user: Any, form: BaseForm, commit: bool = True
    ) -> User:
        given = form.cleaned_data
        return accounts.sign_up(
            name=given["username"], email=given.get("email", ""), password=given.get("password1")
        )

    def pre_login(self, request: HttpRequest, user: Any, **how: Any) -> HttpResponse | None:
        if not may_sign_in(user):
            clear_login(request)
            refused: HttpResponse = self.respond_user_inactive(request, user)
            return refused
        answer: HttpResponse | None = super().pre_login(request, user, **how)
        return answer

    def is_safe_url(self, url: str) -> bool:
        """Only this site itself: also a host of its own for files is another place."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whoever comes past the proxies is known by their own address."""
        try:
            return str(super().get_client_ip(request))
        except (ImproperlyConfigured, PermissionDenied):
            # A proxy on a Unix socket that tells no address.
            return str(request.META.get("REMOTE_ADDR") or NO_ADDRESS)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """One count for an account, whether its name or its address is tried, at any host."""
        given = credentials.get("email") or credentials.get("username", "")
        user = accounts.of_login(given)
        return f"account:{user.pk}" if user else f"nobody:{given.lower()}"

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: Any = None, email: str | None = None
    ) -> None:
        """Access tokens outlive a password: whoever gets a new one reads which of them work."""
        tokens = AccessToken.objects.usable().filter(user=user).order_by("name")
        told = {"tokens": tokens if "password" in template_prefix else ()}
        super().send_notification_mail(template_prefix, user, {**told, **(context or {})}, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is down must not take signing up with it."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:
            log.error("a mail could not be sent", extra={"mail": template_prefix, "why": error})
            messages.error(
                self.request,
                _("The mail could not be sent. Try again later, or tell an operator."),
            )


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Signing up through GitHub, GitLab, Hugging Face or another OpenID Connect provider."""

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Without a form where the name that the provider tells is free and allowed."""
        try:
            accounts.require_free(sociallogin.user.username)
        except ServiceError:
            return False
        return bool(super().is_auto_signup_allowed(request, sociallogin))

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        user = super().populate_user(request, sociallogin, data)
        user.fullname = str(data.get("name") or "")[:200]
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        told = sociallogin.user
        given = form.cleaned_data if form else {"username": told.username, "email": told.email}
        sociallogin.user = accounts.sign_up(
            name=given["username"],
            email=given.get("email") or "",
            password=None,
            fullname=told.fullname,
        )
        sociallogin.save(request)
        return sociallogin.user


class SecondFactorAdapter(DefaultMFAAdapter):
    """Seeds of one-time codes are kept encrypted: a copy of the database makes no codes."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %(number)s") % {"number": number}

    def _get_site_name(self) -> str:
        return SITE_NAME


def _cipher() -> MultiFernet:
    return MultiFernet(
        Fernet(_key(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def _key(secret: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"commonweight.second-factor")
    return base64.urlsafe_b64encode(derive.derive(secret.encode()))
