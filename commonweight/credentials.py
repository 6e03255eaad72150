"""Where the client finds the site and the token.

The site: as given, else `COMMONWEIGHT_ENDPOINT` or `HF_ENDPOINT`, else where `commonweight login`
was last. The token: `COMMONWEIGHT_TOKEN`, else what `login` stored for that site, readable by its
owner alone, else `HF_TOKEN` for the site that `HF_ENDPOINT` names. Without `HF_ENDPOINT` that is a
token of huggingface.co, which is nobody's business here.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from commonweight.errors import ClientError


@dataclass(frozen=True)
class Credentials:
    endpoint: str
    token: str

    def __repr__(self) -> str:
        return f"Credentials({self.endpoint!r}, token kept back)"


def find(*, endpoint: str = "") -> Credentials:
    """The site to talk to. A stored token is used for the site that it was stored for only."""
    stored = _read()
    named = os.environ.get("COMMONWEIGHT_ENDPOINT") or os.environ.get("HF_ENDPOINT")
    address = endpoint or named or str(stored.get("endpoint", ""))
    if not address:
        raise ClientError(
            "No site is known.",
            next="Run `commonweight login https://your.site`, or set COMMONWEIGHT_ENDPOINT.",
        )
    address = normal(address)
    tokens = stored.get("tokens")
    kept = tokens.get(address, "") if isinstance(tokens, dict) else ""
    token = os.environ.get("COMMONWEIGHT_TOKEN") or str(kept) or _of_the_hub_client(address)
    return Credentials(address, token)


def store(credentials: Credentials) -> Path:
    """Remember the token and make its site the one that is used by default."""
    stored = _read()
    tokens = stored.get("tokens")
    kept = tokens if isinstance(tokens, dict) else {}
    content = {
        "endpoint": credentials.endpoint,
        "tokens": {**kept, credentials.endpoint: credentials.token},
    }
    path = _path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Never readable by others, not even for a moment: mkstemp makes it 0600.
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=2)
    os.replace(temporary, path)
    return path


def normal(address: str) -> str:
    parts = urlsplit(address if "://" in address else f"https://{address}")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ClientError(
            f"“{address}” is not the address of a site.",
            next="It looks like https://your.site, or http://127.0.0.1:8000.",
        )
    if parts.username or parts.password:
        raise ClientError("The address holds a password.", next="Give a token to `login` instead.")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _of_the_hub_client(address: str) -> str:
    meant = os.environ.get("HF_ENDPOINT", "")
    token = os.environ.get("HF_TOKEN", "")
    return token if token and meant and _is_site(meant, address) else ""


def _is_site(named: str, address: str) -> bool:
    try:
        return normal(named) == address
    except ClientError:
        return False


def _path() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "commonweight" / "credentials.json"


def _read() -> dict[str, Any]:
    path = _path()
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ClientError(
            f"{path} cannot be read: {error}.",
            next="Remove it and run `commonweight login` again.",
        ) from error
    return found if isinstance(found, dict) else {}
