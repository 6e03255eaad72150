"""manage.py review SUBMISSION --as NAME --key licence --approve --head REVISION"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from contributions.models import Decision, Key, Submission
from contributions.services import reviews
from registry.models import User
from registry.services.errors import ServiceError

# Of a revision; the page of a submission shows ten characters.
SHORTEST = 7

HEAD = (
    f"the revision that was looked at (its first {SHORTEST} characters will do); to approve, needed"
)


class Command(BaseCommand):
    help = "Turn one key of a submission, by the same rules as on the site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("submission", type=int, help="number of the submission")
        parser.add_argument("--as", dest="reviewer", required=True, help="who decides")
        parser.add_argument("--key", required=True, choices=Key.values)
        decisions = parser.add_mutually_exclusive_group(required=True)
        for decision in Decision:
            decisions.add_argument(
                f"--{decision.value}",
                dest="decision",
                action="store_const",
                const=decision,
                help=decision.english,
            )
        parser.add_argument("--reason", default="", metavar="CODE", help="reason code")
        parser.add_argument("--text", default="", help="what the contributor reads")
        parser.add_argument("--head", default="", help=HEAD)

    def handle(self, *args: Any, **options: Any) -> None:
        submission = Submission.objects.filter(pk=options["submission"]).first()
        if submission is None:
            raise CommandError(f"There is no submission {options['submission']}.")
        reviewer = User.objects.filter(username__iexact=options["reviewer"]).first()
        if reviewer is None:
            raise CommandError(
                f"There is nobody called {options['reviewer']}. Make the account with "
                "manage.py ensure_user."
            )
        try:
            given = reviews.review(
                submission,
                reviewer=reviewer,
                key=Key(options["key"]),
                decision=options["decision"],
                reason_code=options["reason"],
                text=options["text"],
                head=_whole(options["head"], submission),
            )
        except ServiceError as refused:
            raise CommandError(str(refused)) from refused
        submission.refresh_from_db()
        self.stdout.write(
            f"{given.key} key {Decision(given.decision).english} by {given.reviewer} on "
            f"{given.revision[:10]}; submission {submission.pk} is {submission.status}: "
            f"{submission.status_reason}"
        )


def _whole(given: str, submission: Submission) -> str:
    head = submission.head_revision
    return head if len(given) >= SHORTEST and head.startswith(given) else given
