"""How people sign in: limits, second factors, and the providers that are configured."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from registry.config.environment import Environment

_SERVER_KEYS = ("id", "name", "issuer", "client_id", "client_secret")


def sign_in_settings(env: Environment, *, https: bool) -> dict[str, Any]:
    """Settings of django-allauth."""
    return {
        "ACCOUNT_ADAPTER": "registry.web.adapters.AccountAdapter",
        "ACCOUNT_FORMS": {
            "login": "registry.web.account_forms.SignInForm",
            "signup": "registry.web.account_forms.SignUpForm",
        },
        "ACCOUNT_LOGIN_METHODS": {"username", "email"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "email*", "password1*", "password2*"],
        "ACCOUNT_EMAIL_VERIFICATION": env.choice(
            "EMAIL_VERIFICATION", "mandatory", "optional", "none", default="optional"
        ),
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": "[Commonweight] ",
        "ACCOUNT_EMAIL_NOTIFICATIONS": True,
        "ACCOUNT_MAX_EMAIL_ADDRESSES": 5,
        "ACCOUNT_SESSION_REMEMBER": True,
        "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": False,
        # Whoever finds an unlocked computer may not take the account over.
        "ACCOUNT_REAUTHENTICATION_REQUIRED": True,
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "https" if https else "http",
        # amount/time/whom: ip, key (the account), user; several separated by commas.
        "ACCOUNT_RATE_LIMITS": {
            "login": env.attempts("SIGN_IN_RATE", default="30/m/ip"),
            "login_failed": env.attempts("SIGN_IN_FAILURE_RATE", default="20/m/ip,5/5m/key"),
            "signup": env.attempts("SIGN_UP_RATE", default="10/m/ip,60/h/ip"),
            "reset_password": env.attempts("PASSWORD_RESET_RATE", default="20/m/ip,5/h/key"),
        },
        # How many proxies add to X-Forwarded-For; 0: the header is anybody's word.
        "ALLAUTH_TRUSTED_PROXY_COUNT": env.whole("TRUSTED_PROXIES", default=0),
        "MFA_ADAPTER": "registry.web.adapters.SecondFactorAdapter",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_ALLOW_UNVERIFIED_EMAIL": True,
        # Browsers take http://localhost for secure; without https no other name works.
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": not https,
        "SOCIALACCOUNT_ADAPTER": "registry.web.adapters.ProviderAdapter",
        "SOCIALACCOUNT_FORMS": {"signup": "registry.web.account_forms.ProviderSignUpForm"},
        # An address that somebody else has not confirmed here never opens their account.
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,
        "SOCIALACCOUNT_PROVIDERS": _providers(env),
    }


def _providers(env: Environment) -> dict[str, Any]:
    found: dict[str, Any] = {}
    github = env.str("GITHUB_CLIENT_ID", default="")
    if github:
        secret = env.str("GITHUB_CLIENT_SECRET", default="")
        found["github"] = {"APPS": [{"client_id": github, "secret": secret}]}
    gitlab = env.str("GITLAB_CLIENT_ID", default="")
    if gitlab:
        address = env.address("GITLAB_URL", default="https://gitlab.com")
        app = {
            "client_id": gitlab,
            "secret": env.str("GITLAB_CLIENT_SECRET", default=""),
            "settings": {"gitlab_url": address},
        }
        found["gitlab"] = {"SCOPE": ["read_user"], "APPS": [app]}
    servers = [*_hugging_face(env), *_servers(env)]
    if servers:
        found["openid_connect"] = {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [_server_app(server) for server in servers],
        }
    return found


def _hugging_face(env: Environment) -> list[dict[str, str]]:
    client = env.str("HUGGINGFACE_CLIENT_ID", default="")
    secret = env.str("HUGGINGFACE_CLIENT_SECRET", default="")
    known = {"id": "huggingface", "name": "Hugging Face", "issuer": "https://huggingface.co"}
    return [{**known, "client_id": client, "client_secret": secret}] if client else []


def _servers(env: Environment) -> list[dict[str, str]]:
    given = env.json("OIDC_SERVERS", default=[])
    if not isinstance(given, list) or any(
        not isinstance(server, dict) or any(not server.get(key) for key in _SERVER_KEYS)
        for server in given
    ):
        raise ImproperlyConfigured(
            f"OIDC_SERVERS must be a JSON list of objects with {', '.join(_SERVER_KEYS)}."
        )
    return given


def _server_app(server: dict[str, str]) -> dict[str, Any]:
    return {
        "provider_id": server["id"],
        "name": server["name"],
        "client_id": server["client_id"],
        "secret": server["client_secret"],
        "settings": {"server_url": server["issuer"].rstrip("/")},
    }
