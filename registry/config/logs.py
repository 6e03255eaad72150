"""One readable line per event; values of keys that look like secrets never reach a log."""

from __future__ import annotations

import logging
import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

_SECRET_KEYS = re.compile(
    r"(?i)(token|password|passwd|secret|authorization|cookie|api_?key|private_?key|signature)"
)
# hf_… is the prefix of access tokens; the others catch credentials inside URLs, and links that
# open something for whoever holds them (Django logs the path of a form that it refuses).
_SECRET_TEXT = re.compile(
    r"(hf_[A-Za-z0-9]{8})[A-Za-z0-9]+|(?<=://)([^/@\s:]*:)[^/@\s]+(?=@)"
    r"|(?i:(?<=signature=)|(?<=bearer )|(?<=token=)|(?<=[?&]code=))[^\s&\"']+"
    r"|(?:(?<=/setup/)|(?<=/invitations/)|(?<=/confirm-email/)|(?<=/reset/key/)"
    r"|(?<=/notifications/off/))[^\s/?\"']+"
)


def without_secrets(text: str) -> str:
    return _SECRET_TEXT.sub(lambda found: f"{found[1] or found[2] or ''}***", text)


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if key != "event" and _SECRET_KEYS.search(key):
            event[key] = "***"
        elif isinstance(value, str) or key == "request":
            # A request shows its query, and that may hold the signature of a transfer.
            event[key] = without_secrets(str(value))
    return event


def _one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Nobody writes lines of their own into a log, or commands to whoever's terminal shows it."""
    said = str(event.get("event", ""))
    if not said.isprintable():
        event["event"] = "".join(
            c if c.isprintable() else c.encode("unicode_escape").decode() for c in said
        )
    return event


def logging_config(level: str, colours: bool) -> dict[str, Any]:
    """The `logging.config` dictionary, also for libraries that log through the standard module."""
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S"),
        structlog.processors.format_exc_info,
        _redact,
        _one_line,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    config: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": before,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            name: {"level": "WARNING"} for name in ("urllib3", "httpx", "httpcore", "dulwich")
        },
    }
    logging.config.dictConfig(config)
    return config
