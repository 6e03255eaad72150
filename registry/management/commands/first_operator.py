"""`manage.py first_operator`: a one-time link, or nothing when the site has an operator."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from registry.services import accounts


class Command(BaseCommand):
    help = "Print a link that makes its first visitor the operator of a site that has none."

    def handle(self, **options: Any) -> None:
        if link := accounts.first_operator_link():
            self.stdout.write(link)
        else:
            self.stderr.write(
                "This site has an operator, so there is no link. Operators make others operators "
                "under People in the dashboard; here, `manage.py ensure_user` does."
            )
