"""One thing a check noticed, in words a contributor can act on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    BLOCK = "block"
    WARN = "warn"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """What was wrong (message), where (path, line) and what to do next (fix)."""

    rule: str
    severity: Severity
    message: str
    fix: str
    path: str | None = None
    line: int | None = None

    def as_dict(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "path": self.path,
            "line": self.line,
            "message": self.message,
            "fix": self.fix,
        }


def blocked(findings: Iterable[Finding]) -> bool:
    return any(finding.severity is Severity.BLOCK for finding in findings)


_ORDER = {Severity.BLOCK: 0, Severity.WARN: 1, Severity.INFO: 2}


def sorted_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Blocks first, then by place, so that two runs print the same list."""
    return sorted(
        set(findings), key=lambda f: (_ORDER[f.severity], f.path or "", f.line or 0, f.rule)
    )
