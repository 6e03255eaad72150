"""Store the token that publishes a namespace's releases to a Hub."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contributions.services import hub_tokens
from registry.models import Namespace, User
from registry.services.errors import ServiceError


class Command(BaseCommand):
    help = "Store the token that publishes a namespace's releases to a Hub; reads it from input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("namespace")
        parser.add_argument("endpoint", help="https://huggingface.co, or another Hub")
        parser.add_argument("--as", dest="actor", required=True, help="who stores it")

    def handle(self, *args: Any, **options: Any) -> None:
        namespace = Namespace.objects.filter(name__iexact=options["namespace"]).first()
        actor = User.objects.filter(username__iexact=options["actor"]).first()
        if namespace is None or actor is None:
            missing = options["namespace"] if namespace is None else options["actor"]
            raise CommandError(f"There is nobody called {missing}.")
        secret = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
        try:
            token = hub_tokens.store(
                namespace, endpoint=options["endpoint"], secret=secret, actor=actor
            )
        except ServiceError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Stored. Releases of {namespace} can be published to {token.endpoint}.")
