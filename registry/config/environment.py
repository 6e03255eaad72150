"""What operators write in the environment, read strictly: a mistake stops the site with its name.

A variable that is set to nothing (`SITE_URL=`) is as good as not set.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

# Where empty says something: no limit.
_EMPTY_MEANS_SOMETHING = {"API_RATE_ANONYMOUS", "API_RATE_USER"}
_ON, _OFF = {"1", "true", "t", "yes", "y", "on", "ok"}, {"0", "false", "f", "no", "n", "off"}
_HOST = re.compile(r"\.?[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")
_REQUESTS = re.compile(r"\d+/\s*(?:second|minute|hour|day)s?|0/.*|0?")
_ATTEMPTS = re.compile(r"\d+/\d*[smhd](?:/(?:ip|key|user))?")


class Environment(environ.Env):
    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.ENVIRON = {
            name: value
            for name, value in (os.environ if given is None else given).items()
            if value.strip() or name in _EMPTY_MEANS_SOMETHING
        }

    def whole(self, name: str, *, default: int, least: int = 0) -> int:
        text = str(self.str(name, default=str(default)))
        if not re.fullmatch(r"-?[0-9]+", text.strip()) or int(text) < least:
            raise _senseless(name, text, f"a whole number of at least {least}")
        return int(text)

    def flag(self, name: str, *, default: bool = False) -> bool:
        text = str(self.str(name, default="1" if default else "0"))
        if text.strip().lower() not in _ON | _OFF:
            raise _senseless(name, text, "1 or 0")
        return text.strip().lower() in _ON

    def choice(self, name: str, *choices: str, default: str) -> str:
        text = str(self.str(name, default=default))
        if text not in choices:
            raise _senseless(name, text, f"one of {', '.join(choices)}")
        return text

    def several(self, name: str, *choices: str, default: str) -> list[str]:
        """Some of a few words, separated by commas."""
        text = str(self.str(name, default=default))
        found = [word.strip() for word in text.split(",") if word.strip()]
        if not found or not set(found) <= set(choices):
            raise _senseless(name, text, f"some of {', '.join(choices)}, separated by commas")
        return found

    def site(self, name: str, *, default: str) -> str:
        """The address of a site, without a slash at its end: browsers compare it as an origin."""
        text = self.address(name, default=default)
        parts = urlsplit(text)
        if parts.path or parts.query or parts.fragment or parts.username is not None:
            raise _senseless(name, text, "scheme and host alone, like https://models.example.org")
        return text

    def address(self, name: str, *, default: str) -> str:
        text = str(self.str(name, default=default)).strip().rstrip("/")
        if text and not _is_web_address(text):
            raise _senseless(name, text, "an address like https://models.example.org")
        return text

    def host(self, name: str) -> str:
        text = str(self.str(name, default="")).strip()
        host, colon, port = text.rpartition(":") if re.search(r":[0-9]*$", text) else (text, "", "")
        if text and (not _HOST.fullmatch(host) or (colon and not port)):
            raise _senseless(name, text, "a host name like files.example.org, without https://")
        return text

    def hosts(self, name: str, *, default: list[str]) -> list[str]:
        found = [host.strip() for host in self.list(name, default=default) if host.strip()]
        for host in found:
            if host != "*" and not _HOST.fullmatch(host):
                raise _senseless(name, host, "host names without https:// and port")
        return found

    def requests(self, name: str, *, default: str) -> str:
        text = str(self.str(name, default=default)).strip()
        if not _REQUESTS.fullmatch(text):
            raise _senseless(name, text, "number/unit like 600/minute, or empty for no limit")
        return text

    def attempts(self, name: str, *, default: str) -> str:
        text = str(self.str(name, default=default))
        if not all(_ATTEMPTS.fullmatch(rate.strip()) for rate in text.split(",")):
            raise _senseless(name, text, "number/time/whom like 30/m/ip, several with commas")
        return text

    def mail_server(self, name: str, *, default: str) -> dict[str, Any]:
        try:
            return dict(self.email_url(name, default=default))
        except ImproperlyConfigured:
            # Without what was given, for that may hold a password.
            raise ImproperlyConfigured(f"{name} must be like smtp://user:pw@host:587.") from None


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return usable and not re.search(r"\s", text)


def _senseless(name: str, text: str, wanted: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} must be {wanted}; it is “{text}”.")
