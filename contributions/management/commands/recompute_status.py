"""manage.py recompute_status [--fix]"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from contributions.models import Submission
from contributions.services import review_queue, status, submissions


class Command(BaseCommand):
    help = (
        "Derive every submission's status anew from runs, reviews and releases, and compare it "
        "and the review queue with the stored ones. A difference is a fault: exit code 1, unless "
        "--fix stores it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fix", action="store_true", help="store the derived status")

    def handle(self, *args: Any, **options: Any) -> None:
        different = 0
        numbers = list(Submission.objects.order_by("pk").values_list("pk", flat=True))
        for number in numbers:
            different += self._compare(number, fix=options["fix"])
        self.stdout.write(f"{len(numbers)} submissions, {different} different")
        if different and not options["fix"]:
            raise CommandError("Stored and derived status differ. --fix stores the derived one.")

    @transaction.atomic
    def _compare(self, number: int, *, fix: bool) -> bool:
        """Under the submission's lock, so that a change under way is not taken for a fault."""
        submission = submissions.lock(Submission(pk=number))
        facts = status.facts_of(submission)
        derived, reason = status.derive(facts)
        if (derived, reason) == (submission.status, submission.status_reason):
            return self._compare_queue(submission, facts, fix=fix)
        self.stdout.write(
            f"submission {number}: stored {submission.status} ({submission.status_reason}), "
            f"derived {derived} ({reason})"
        )
        if fix:
            status.project(submission)
        return True

    def _compare_queue(self, submission: Submission, facts: status.Facts, *, fix: bool) -> bool:
        """The reviewers' queue is a projection too."""
        if not review_queue.differs(submission, missing_keys=facts.missing_keys):
            return False
        self.stdout.write(f"submission {submission.pk}: the review queue does not show its keys")
        if fix:
            review_queue.sync(submission, missing_keys=facts.missing_keys)
        return True
