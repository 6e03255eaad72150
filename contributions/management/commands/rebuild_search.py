"""`manage.py rebuild_search`: builds what the search looks through anew from the tables."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from contributions.services import search_index


class Command(BaseCommand):
    help = "Builds what the search of the site looks through anew; needed after a restored backup."

    def handle(self, *args: Any, **options: Any) -> None:
        count = search_index.rebuild()
        self.stdout.write(f"{count} things can be found")
