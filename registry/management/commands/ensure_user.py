"""`manage.py ensure_user NAME …`: make or update a person or a bot; repeating changes nothing."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.models import Role
from registry.services import accounts
from registry.services.errors import ServiceError


class Command(BaseCommand):
    help = "Make or update a person or a bot, with an access token of a given value."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--email", default="")
        parser.add_argument("--org", action="append", default=[], help="member with write role")
        parser.add_argument("--token", help="value of a write token; - reads it from stdin")
        parser.add_argument("--password", help="value; - reads it from stdin")
        parser.add_argument("--role", action="append", default=[], choices=Role.values)
        parser.add_argument(
            "--maintainer-of", action="append", default=[], metavar="ORG or [datasets/]NS/NAME"
        )
        parser.add_argument("--bot", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = accounts.ensure_user(
                name=options["name"],
                email=options["email"],
                orgs=options["org"],
                roles=options["role"],
                maintainer_of=options["maintainer_of"],
                token=_given(options["token"]),
                password=_given(options["password"]),
                bot=options["bot"],
            )
        except ServiceError as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{user.username} is ready.")


def _given(value: str | None) -> str | None:
    """A secret on the command line shows in the process list; `-` reads one line instead."""
    return sys.stdin.readline().strip() if value == "-" else value
