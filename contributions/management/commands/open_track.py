"""Open a track from a file; what the file says is in services/track_files.py."""

from __future__ import annotations

import sys
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contributions.services import track_files
from registry.models import User
from registry.services.errors import Moved, ServiceError


class Command(BaseCommand):
    help = "Open a track that a YAML or JSON file describes; repeating it changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = f"An example of a description:\n\n{track_files.EXAMPLE}"
        parser.add_argument("file", help="the description; - reads standard input")
        parser.add_argument("--as", dest="actor", required=True, help="a maintainer of the model")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = User.objects.filter(username__iexact=options["actor"]).first()
        if actor is None:
            raise CommandError(f"There is nobody called {options['actor']}.")
        try:
            track = track_files.open_track(
                track_files.parse(self._read(options["file"])), maintainer=actor
            )
        except Moved as moved:
            raise CommandError(f"The repository is now called {moved}: correct it.") from moved
        except ServiceError as error:
            raise CommandError(error.told()) from error
        reason = f": {track.status_reason}" if track.status_reason else ""
        self.stdout.write(f"track {track.name} on {track.repository} is {track.status}{reason}")

    def _read(self, name: str) -> str:
        if name == "-":
            return sys.stdin.read()
        try:
            return Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{name} cannot be read: {error}") from error
