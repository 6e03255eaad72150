"""Make a release of a track: merge its approved patches, credit them, move main."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contributions.models import Release, ReleaseStatus, Track
from contributions.services import releases
from registry.models import User
from registry.services.errors import ServiceError

POLL_SECONDS = 0.5
AT_WORK = {ReleaseStatus.MERGING, ReleaseStatus.VALUING}


class Command(BaseCommand):
    help = "Merge the approved patches of a track into a release."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("track")
        parser.add_argument("--as", dest="actor", required=True, help="a maintainer of the model")
        parser.add_argument("--wait", type=int, default=0, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = User.objects.filter(username__iexact=options["actor"]).first()
        if actor is None:
            raise CommandError(f"There is nobody called {options['actor']}.")
        track = Track.objects.filter(name__iexact=options["track"]).first()
        if track is None:
            raise CommandError(f"There is no track {options['track']}.")
        try:
            release = releases.start_release(track, actor=actor)
        except ServiceError as error:
            raise CommandError(error.told()) from error
        if options["wait"]:
            self._wait(release, options["wait"])
        self._tell(release)

    def _wait(self, release: Release, seconds: int) -> None:
        deadline = time.monotonic() + seconds
        while release.status in AT_WORK and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            release.refresh_from_db()
        if release.status not in {*AT_WORK, ReleaseStatus.RELEASED}:
            raise CommandError(f"{release} is {release.status}: {release.reason}")

    def _tell(self, release: Release) -> None:
        self.stdout.write(f"{release} is {release.status}")
        for line in release.credits.select_related("contributor"):
            self.stdout.write(
                f"  {line.contributor.username}: weight {line.weight:.3f}, credit "
                f"{line.amount:+.4f} nats [{line.low:+.4f}, {line.high:+.4f}]"
            )
        for patch in release.patches.filter(admitted=False).select_related("submission"):
            self.stdout.write(f"  not admitted: {patch.submission}: {patch.reason}")
