"""Passwords and keys left in files. The secret itself is never repeated, not even in part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workers.checks.findings import Finding, Severity
from workers.checks.tree import Entry, Tree

MAX_BYTES = 4_000_000
_BINARY = frozenset({".safetensors", ".parquet", ".png", ".jpg", ".jpeg", ".gif", ".webp"})


@dataclass(frozen=True)
class SecretKind:
    """`hint` is a literal that every match contains: a fast way to skip clean files."""

    name: str
    hint: bytes
    pattern: re.Pattern[bytes]


def _kind(name: str, hint: bytes, pattern: bytes) -> SecretKind:
    return SecretKind(name, hint, re.compile(pattern))


# Every repetition has an end, so that no file can make the search take long.
_START = rb"(?<![A-Za-z0-9_])"
KINDS = (
    _kind("a Hugging Face token", b"hf_", _START + rb"hf_[A-Za-z0-9]{30,}"),
    _kind("an AWS access key", b"AKIA", _START + rb"AKIA[0-9A-Z]{16}(?![0-9A-Z])"),
    _kind("an AWS temporary key", b"ASIA", _START + rb"ASIA[0-9A-Z]{16}(?![0-9A-Z])"),
    _kind(
        "a private key",
        b"PRIVATE KEY",
        rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?---",
    ),
    _kind("a GitHub token", b"gh", _START + rb"gh[pousr]_[A-Za-z0-9]{36,}"),
    _kind("a GitHub token", b"github_pat_", _START + rb"github_pat_[A-Za-z0-9_]{50,}"),
    _kind("a GitLab token", b"glpat-", _START + rb"glpat-[A-Za-z0-9_\-]{20,}"),
    _kind("an Anthropic key", b"sk-ant-", _START + rb"sk-ant-[A-Za-z0-9_\-]{20,}"),
    _kind("an OpenAI key", b"sk-proj-", _START + rb"sk-proj-[A-Za-z0-9_\-]{20,}"),
    _kind(
        "an OpenAI key", b"T3BlbkFJ", _START + rb"sk-[A-Za-z0-9_\-]{10,200}T3BlbkFJ[A-Za-z0-9]{10}"
    ),
    _kind("a Google API key", b"AIza", _START + rb"AIza[0-9A-Za-z_\-]{35}"),
    _kind("a service-account key", b"private_key_id", rb'"private_key_id"\s*:\s*"[0-9a-f]{40}"'),
    _kind("a Slack token", b"xox", _START + rb"xox[abprs]-[A-Za-z0-9\-]{20,}"),
    _kind("an npm token", b"npm_", _START + rb"npm_[A-Za-z0-9]{36}"),
    _kind("a PyPI token", b"pypi-AgEI", _START + rb"pypi-AgEI[A-Za-z0-9_\-]{50,}"),
    _kind("a Stripe key", b"k_live_", _START + rb"[sr]k_live_[A-Za-z0-9]{20,}"),
    _kind("an Azure storage key", b"AccountKey=", rb"AccountKey=[A-Za-z0-9+/]{80,}={0,2}"),
    _kind(
        "a signed web token", b"eyJ", _START + rb"eyJ[\w-]{10,500}\.eyJ[\w-]{10,2000}\.[\w-]{20}"
    ),
    _kind(
        "a password in a URL",
        b"://",
        rb"[a-z][a-z0-9+]{2,12}://[^\s/:@\"'<>]{1,64}:[^\s/:@\"'<>{}$*]{6,64}@[\w.-]+",
    ),
)


def secret_findings(tree: Tree) -> Iterator[Finding]:
    for entry in tree.entries:
        if entry.extension not in _BINARY:
            yield from _scan(entry)


def _scan(entry: Entry) -> Iterator[Finding]:
    content = entry.head(MAX_BYTES)
    seen: set[str] = set()
    for kind in KINDS:
        if kind.hint not in content or kind.name in seen:
            continue
        match = kind.pattern.search(content)
        if match is None:
            continue
        seen.add(kind.name)
        line = content.count(b"\n", 0, match.start()) + 1
        yield Finding(
            "secret",
            Severity.BLOCK,
            f"{entry.path}, line {line}, looks like it contains {kind.name}.",
            "Revoke it first, because everybody who can read this repository has seen it; then "
            "upload the file without it.",
            entry.path,
            line,
        )
    if entry.size > MAX_BYTES:
        yield Finding(
            "secret-scan",
            Severity.INFO,
            f"Only the first {MAX_BYTES:,} bytes of {entry.path} were searched for secrets.",
            "Split the file, or store examples as parquet.",
            entry.path,
        )
