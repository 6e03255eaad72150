"""`manage.py up`: the whole site with one command, on servers of its own or on given ones."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registry.servers.errors import ServerError
from registry.servers.supervisor import DEFAULT_WORKERS, Supervisor

_KINDS = ("cpu", "gpu", "check", "publish")


def _worker(text: str) -> tuple[str, int]:
    kind, _, count = text.partition("=")
    if kind not in _KINDS or not count.isdigit():
        raise argparse.ArgumentTypeError(
            f"“{text}” is not KIND=COUNT with a kind of {', '.join(_KINDS)}, as in cpu=2"
        )
    return kind, int(count)


class Command(BaseCommand):
    help = "Start the site: database, broker, web, workers and schedule, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--var", metavar="DIR", help="the site's data (default: var)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--worker",
            action="append",
            type=_worker,
            default=[],
            metavar="KIND=COUNT",
            help="jobs at a time: cpu=1 (default), gpu=0, check=1, publish=1",
        )

    def handle(self, **options: Any) -> None:
        site = Supervisor(
            settings.VAR,
            host=options["host"],
            port=options["port"],
            workers={**DEFAULT_WORKERS, **dict(options["worker"])},
        )
        try:
            site.run(when_ready=lambda: _invite_first_operator(site))
        except ServerError as error:
            raise CommandError(str(error)) from error


def _invite_first_operator(site: Supervisor) -> None:
    """A site nobody operates yet shows a link with which one person becomes its operator."""
    marker = site.layout.var / "has-operator"
    if marker.exists():
        return
    done = site.manage("first_operator")
    link = done.stdout.strip()
    if done.returncode:
        site.say(f"no link for the first operator could be made: {link[-500:].splitlines()[-1]}")
    elif link:
        site.say(f"become the first operator (works once): {link}")
    else:
        marker.touch()
