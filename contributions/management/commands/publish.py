"""Publish a release to a Hub; repeating it goes on where it stopped."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contributions.models import Publication, PublicationStatus, Release
from contributions.services import publications
from registry.models import User
from registry.services.errors import ServiceError

POLL_SECONDS = 0.5


class Command(BaseCommand):
    help = "Publish a release of a track to a Hub; repeating it goes on where it stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("track")
        parser.add_argument("endpoint", help="https://huggingface.co, or another Hub")
        parser.add_argument("--release", type=int, help="its number; the newest if absent")
        parser.add_argument("--repo-id", default="", help="namespace/name there; as here if absent")
        parser.add_argument("--as", dest="actor", required=True, help="who publishes")
        parser.add_argument("--private", action="store_true")
        parser.add_argument("--wait", type=int, default=0, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = User.objects.filter(username__iexact=options["actor"]).first()
        if actor is None:
            raise CommandError(f"There is nobody called {options['actor']}.")
        try:
            publication = publications.publish(
                self._release(options["track"], options["release"]),
                actor=actor,
                endpoint=options["endpoint"],
                repo_id=options["repo_id"],
                private=options["private"],
            )
        except ServiceError as error:
            raise CommandError(str(error)) from error
        if options["wait"]:
            self._wait(publication, options["wait"])
        self.stdout.write(f"{publication}: {publication.status}")

    def _release(self, track: str, number: int | None) -> Release:
        found = Release.objects.filter(track__name__iexact=track)
        if number is not None:
            found = found.filter(number=number)
        release = found.order_by("-number").first()
        if release is None:
            raise CommandError(f"Track {track} has no such release.")
        return release

    def _wait(self, publication: Publication, seconds: int) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            publication.refresh_from_db()
            if publication.status == PublicationStatus.PUBLISHED:
                return
            if publication.status == PublicationStatus.FAILED and not (
                publication.runs.active().exists()
            ):
                raise CommandError(publication.reason)
            time.sleep(POLL_SECONDS)
        raise CommandError(f"Not finished after {seconds} s; it goes on by itself.")
