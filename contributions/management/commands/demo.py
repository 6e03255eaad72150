"""`manage.py demo`: the whole story, from upload to publication, then a site to look around."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Tell the whole story on two sites: upload, check, train, measure, review, publish."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--var", metavar="DIR", help="the site's data (default: var)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        # A program of its own: it trains as contributors do, and a Django package loads no torch.
        words = [f"--var={settings.VAR}", f"--port={options['port']}", f"--seed={options['seed']}"]
        os.execv(sys.executable, [sys.executable, "-m", "workers.demo", *words])  # noqa: S606
