"""The demo's two sites, and what the story asks of them.

The story acts as people do: the Hub client over HTTP for contributors, management commands for
those who run the site. Rows are only read, to know how things stand.
"""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.servers import stack
from workers.demo.terminal import StoryStopped

if TYPE_CHECKING:
    from huggingface_hub import HfApi

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Site:
    """One running site and its `var` folder."""

    url: str
    var: Path

    def client(self, token: str) -> HfApi:
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.url, token=token)

    def run(self, *command: str, given: str = "") -> str:
        """A management command of this site in a process of its own."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env={**os.environ, "COMMONWEIGHT_VAR": str(self.var), "SITE_URL": self.url},
            input=given,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise StoryStopped(f"manage.py {command[0]}: {done.stderr.strip()[-1000:]}")
        return done.stdout


@contextmanager
def two_sites(var: Path, port: int) -> Iterator[tuple[Site, Site]]:
    """The community's site, and a second instance that stands for the Hub. Sites that run on
    these folders already are used as they are, and left running."""
    hub_var = var / "hub"
    # Nothing is measured there; uploads are checked as everywhere.
    nobody = {"cpu": 0, "publish": 0, "check": 1}
    wanted: list[tuple[Path, int, dict[str, int]]] = [
        (var, port, {"cpu": 1, "publish": 1}),
        (hub_var, port + 1, nobody),
    ]
    started: list[stack.Started] = []

    def ensure(place: tuple[Path, int, dict[str, int]]) -> Site:
        folder, number, workers = place
        running = stack.running_at(folder)
        if running:
            return Site(running, folder)
        one = stack.start(folder, port=number, workers=workers)
        started.append(one)
        return Site(one.url, folder)

    # A site dies with the thread that started it, so these threads live as long as the sites.
    with ThreadPoolExecutor(2) as starters:
        try:
            community, hub = starters.map(ensure, wanted)
            yield community, hub
        finally:
            for one in started:
                one.stop()


def connect(site: Site) -> None:
    """Lets this process run commands and read rows of the site."""
    os.environ["COMMONWEIGHT_VAR"] = str(site.var)
    os.environ["SITE_URL"] = site.url
    os.environ["DJANGO_SETTINGS_MODULE"] = "registry.config.settings"
    import django

    django.setup()
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line per request of the client


def command(name: str, *args: Any, **options: Any) -> str:
    """A management command of the connected site, in this process."""
    from django.core.management import CommandError, call_command

    said = io.StringIO()
    try:
        call_command(name, *args, stdout=said, **options)
    except CommandError as error:
        raise StoryStopped(f"manage.py {name}: {error}") from error
    return said.getvalue()


def rows(model: str) -> Any:
    """The rows of a model of the connected site, by name ("Submission"): read only."""
    from django.apps import apps

    app = "registry" if model in {"Repository", "User", "Event"} else "contributions"
    return apps.get_model(app, model).objects
