"""Secrets that anyone may put away and only the publish worker can read.

A fresh X25519 key agrees with the site's public key on a key for ChaCha20-Poly1305 (an anonymous
"sealed box"). The private key is in the environment of the publish worker alone.
"""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_KEY_BYTES = 32
# Each key encrypts one message only, so a fixed nonce never repeats.
_NONCE = bytes(12)


def seal(secret: str) -> bytes:
    if not settings.HUB_TOKEN_PUBLIC_KEY:
        raise ImproperlyConfigured(
            "HUB_TOKEN_PUBLIC_KEY is not set, so tokens of other Hubs cannot be stored: make a "
            "pair with `manage.py hub_token_keys`"
        )
    receiver = X25519PublicKey.from_public_bytes(base64.b64decode(settings.HUB_TOKEN_PUBLIC_KEY))
    sender = X25519PrivateKey.generate()
    public = sender.public_key().public_bytes_raw()
    cipher = _cipher(sender.exchange(receiver), public, receiver.public_bytes_raw())
    return public + cipher.encrypt(_NONCE, secret.encode(), None)


def unseal(sealed: bytes) -> str:
    if not settings.HUB_TOKEN_PRIVATE_KEY:
        raise ImproperlyConfigured(
            "this process does not hold HUB_TOKEN_PRIVATE_KEY: only the publish worker opens the "
            "tokens of other Hubs"
        )
    receiver = X25519PrivateKey.from_private_bytes(base64.b64decode(settings.HUB_TOKEN_PRIVATE_KEY))
    public, encrypted = sealed[:_KEY_BYTES], sealed[_KEY_BYTES:]
    shared = receiver.exchange(X25519PublicKey.from_public_bytes(public))
    cipher = _cipher(shared, public, receiver.public_key().public_bytes_raw())
    try:
        return cipher.decrypt(_NONCE, encrypted, None).decode()
    except InvalidTag as error:
        raise ImproperlyConfigured(
            "a stored token was sealed for another HUB_TOKEN_PUBLIC_KEY: store the token again"
        ) from error


def _cipher(shared: bytes, sender: bytes, receiver: bytes) -> ChaCha20Poly1305:
    key = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"commonweight" + sender + receiver)
    return ChaCha20Poly1305(key.derive(shared))
