"""Parts of addresses: a namespace is never one of the site's own words."""

from __future__ import annotations

from registry.models.names import RESERVED


class NamespaceConverter:
    regex = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"

    def to_python(self, value: str) -> str:
        if value.lower() in RESERVED:
            raise ValueError(f"{value} is a word of the site itself")
        return value

    def to_url(self, value: str) -> str:
        return value


class NameConverter:
    regex = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
