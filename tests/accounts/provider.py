"""An OpenID Connect provider of its own on the loopback, run as a process.

`python -m tests.accounts.provider PORT` answers discovery, authorize, token, jwks and userinfo.
Whom it knows is told by `POST /people` with the claims of the next person who signs in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "commonweight", "a secret between the two"
_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_key.public_key()))
person: dict = {}
codes: dict[str, dict] = {}
tokens: dict[str, dict] = {}


class Provider(BaseHTTPRequestHandler):
    @property
    def issuer(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def do_GET(self):
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path == "/.well-known/openid-configuration":
            self.answer({name: f"{self.issuer}{path}" for name, path in ENDPOINTS.items()} | FACTS)
        elif address.path == "/authorize":
            self.authorize(asked)
        elif address.path == "/jwks":
            self.answer({"keys": [{**_public, "kid": "one", "use": "sig", "alg": "RS256"}]})
        elif address.path == "/userinfo":
            bearer = self.headers["Authorization"].removeprefix("Bearer ")
            self.answer(tokens[bearer]) if bearer in tokens else self.answer({}, 401)
        else:
            self.answer({"error": "unknown"}, 404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/people":
            person.clear()
            person.update(json.loads(body))
            self.answer({})
        elif self.path == "/token":
            self.token({name: values[0] for name, values in parse_qs(body).items()})

    def authorize(self, asked):
        """Whoever comes is the person of the moment, and agrees."""
        if asked.get("client_id") != CLIENT or "openid" not in asked.get("scope", "").split():
            self.answer({"error": "invalid_request"}, 400)
            return
        code = secrets.token_urlsafe(16)
        codes[code] = {**asked, "person": dict(person)}
        back = urlencode({"code": code, "state": asked["state"]})
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{back}")
        self.end_headers()

    def token(self, asked):
        given = codes.pop(asked.get("code", ""), None)
        if given is None or not self.is_client(asked) or not keeps_its_word(given, asked):
            self.answer({"error": "invalid_grant"}, 400)
            return
        bearer = secrets.token_urlsafe(16)
        tokens[bearer] = given["person"]
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300}
        identity = jwt.encode({**claims, **given["person"]}, _key, "RS256", {"kid": "one"})
        self.answer({"access_token": bearer, "token_type": "Bearer", "id_token": identity})

    def is_client(self, asked):
        basic = self.headers.get("Authorization", "").removeprefix("Basic ")
        if basic:
            return base64.b64decode(basic).decode() == f"{CLIENT}:{SECRET}"
        return (asked.get("client_id"), asked.get("client_secret")) == (CLIENT, SECRET)

    def answer(self, data, status=200):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Quiet."""


def keeps_its_word(given, asked):
    """PKCE: who exchanges the code is who asked for it."""
    digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    same_place = given["redirect_uri"] == asked.get("redirect_uri")
    return same_place and given.get("code_challenge") == challenge


ENDPOINTS = {
    "issuer": "",
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "jwks_uri": "/jwks",
    "userinfo_endpoint": "/userinfo",
}
FACTS = {
    "response_types_supported": ["code"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
}

if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()
