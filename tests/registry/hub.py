"""The unmodified Hub client, pointed at the site, and raw requests for what it would not send."""

from __future__ import annotations

import dataclasses
import http.client
import json
from urllib.parse import urlsplit

from huggingface_hub import HfApi

TOKENS = {name: f"hf_{name}_token_0000" for name in ("ada", "berta", "carl", "emil", "olga")}


def client(site, name=None):
    return HfApi(endpoint=site.url, token=TOKENS[name] if name else False)


@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.headers["X-Error-Code"]


def request(site, method, path, body=None, *, name=None, token=None, headers=None):
    """Send exactly this path; a dict or list as body is sent as JSON."""
    headers = dict(headers or {})
    token = token or (TOKENS[name] if name else None)
    if token:
        headers.setdefault("Authorization", f"Bearer {token}")
    if isinstance(body, dict | list):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    address = urlsplit(site.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    try:
        connection.request(method, path.removeprefix(site.url), body=body, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()
