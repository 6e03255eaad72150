"""Where the client finds the site and the token.

The environment comes first (`COMMONWEIGHT_ENDPOINT` or `HF_ENDPOINT`, `COMMONWEIGHT_TOKEN` or
`HF_TOKEN`), then what `commonweight login` stored, readable by its owner alone.
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
    address = endpoint or _of_environment("ENDPOINT") or str(stored.get("endpoint", ""))
    if not address:
        raise ClientError(
            "No site is known.",
            next="Run `commonweight login https://your.site`, or set COMMONWEIGHT_ENDPOINT.",
        )
    address = normal(address)
    tokens = stored.get("tokens")
    kept = tokens.get(address, "") if isinstance(tokens, dict) else ""
    return Credentials(address, _of_environment("TOKEN") or str(kept))


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


def _of_environment(name: str) -> str:
    return os.environ.get(f"COMMONWEIGHT_{name}") or os.environ.get(f"HF_{name}") or ""


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
