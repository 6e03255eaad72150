"""`manage.py hub_token_keys`: the pair that seals tokens of other Hubs, printed once."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Print a new HUB_TOKEN_PUBLIC_KEY (for all) and HUB_TOKEN_PRIVATE_KEY (publish worker)."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        private = X25519PrivateKey.generate()
        for name, raw in (
            ("HUB_TOKEN_PUBLIC_KEY", private.public_key().public_bytes_raw()),
            ("HUB_TOKEN_PRIVATE_KEY", private.private_bytes_raw()),
        ):
            self.stdout.write(f"{name}={base64.b64encode(raw).decode()}")
