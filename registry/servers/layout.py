"""Where things lie under `var/`, and the secrets generated there.

var/secrets/      one 0600 file per secret
var/postgres      data and socket, unless var/postgres.path names another folder
var/storage       file contents
var/pids          one file per running part
var/up.json       address and process id of the running `up`
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

DATABASE = "commonweight"
OWNER_ROLE = "commonweight_owner"
APP_ROLE = "commonweight"


def write_private(path: Path, text: str) -> None:
    """Complete or absent, never readable by others, also when the process is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(temporary, path)


@dataclass(frozen=True)
class Layout:
    var: Path

    @property
    def secrets(self) -> Path:
        return self.var / "secrets"

    @property
    def pids(self) -> Path:
        return self.var / "pids"

    @property
    def lock(self) -> Path:
        return self.var / "up.lock"

    @property
    def fingerprint(self) -> Path:
        return self.var / "fingerprint.json"

    @property
    def up(self) -> Path:
        return self.var / "up.json"

    @property
    def postgres(self) -> Path:
        """The folder of PostgreSQL's data and socket, elsewhere when `var` did not do."""
        redirected = self.var / "postgres.path"
        return Path(redirected.read_text()) if redirected.exists() else self.var / "postgres"

    def redirect_postgres(self, folder: Path) -> None:
        write_private(self.var / "postgres.path", str(folder))

    def secret(self, name: str) -> str:
        """Read or made on first use. Two processes that race end up with the same one."""
        path = self.secrets / name
        if not path.exists():
            self.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self.secrets / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
            write_private(draft, secrets.token_urlsafe(48))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            draft.unlink()
        return path.read_text().strip()

    def hub_token_private_key(self) -> str:
        """Base64 of an X25519 private key, derived from a generated secret."""
        seed = hashlib.sha256(self.secret("hub_token_key").encode()).digest()
        return base64.b64encode(seed).decode()

    def hub_token_public_key(self) -> str:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        private = X25519PrivateKey.from_private_bytes(
            base64.b64decode(self.hub_token_private_key())
        )
        return base64.b64encode(private.public_key().public_bytes_raw()).decode()

    def database_url(self, role: str = APP_ROLE, database: str = DATABASE) -> str:
        """A socket, so no port is taken and nobody but the owner of the folder can connect."""
        host = quote(str(self.postgres / "socket"))
        return f"postgres://{role}:{self.secret('postgres_' + role)}@/{database}?host={host}"

    def redis_port(self) -> int:
        path = self.var / "redis" / "port"
        return int(path.read_text()) if path.exists() else 0

    def redis_url(self, number: int = 0) -> str:
        return f"redis://:{self.secret('redis')}@127.0.0.1:{self.redis_port()}/{number}"

    def site_url(self) -> str:
        return str(self.running().get("url", ""))

    def running(self) -> dict[str, object]:
        """What the running (or last) `up` told about itself."""
        try:
            told = json.loads(self.up.read_text())
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}
