"""The demo: two sites, the story, and then a site to look around.

    python manage.py demo [--var DIR] [--port N]

DEMO_EXIT=1 stops after the story, with an exit code that tells; RESET=1 forgets an earlier one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

from registry.servers import stack
from registry.servers.errors import ServerError
from workers.demo import ending
from workers.demo.cast import Secrets
from workers.demo.home import TrainingFailed
from workers.demo.site import Site, connect, two_sites
from workers.demo.story import Story
from workers.demo.terminal import StoryStopped, Teller


def main() -> int:
    parser = argparse.ArgumentParser(prog="manage.py demo", description=__doc__)
    parser.add_argument("--var", type=Path, default=Path("var"))
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    _set_switches()
    tell = Teller()
    try:
        _reset_if_asked(options.var)
        return _tell_everything(tell, options.var.resolve(), options.port, options.seed)
    except (StoryStopped, ServerError, TrainingFailed) as error:
        tell.console.print(f"\n[bold red]The story stopped:[/] {error}", markup=True)
        return 1
    except KeyboardInterrupt:
        return 130


def _set_switches() -> None:
    """The client reads these when it is first imported: uploads go by LFS, nothing phones home."""
    for switch in ("XET", "TELEMETRY", "PROGRESS_BARS", "IMPLICIT_TOKEN"):
        os.environ[f"HF_HUB_DISABLE_{switch}"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def _reset_if_asked(var: Path) -> None:
    if os.environ.get("RESET") != "1" or not var.exists():
        return
    for folder in (var, var / "hub"):
        if stack.running_at(folder):
            raise StoryStopped(f"a site runs on {folder}: stop it before RESET=1")
    shutil.rmtree(var)


def _tell_everything(tell: Teller, var: Path, port: int, seed: int) -> int:
    if not _is_told(var):
        # Importing torch takes seconds: it happens while the servers start.
        threading.Thread(target=_import_slowly, daemon=True).start()
    tell.chapter("Two sites start: the community's, and one that stands for the Hub")
    with tell.busy("starting"):
        sites = two_sites(var, port)
        site, hub = sites.__enter__()
    try:
        tell.say(f"{site.url} and {hub.url}")
        connect(site)
        _story(tell, site, hub, seed)
        if os.environ.get("DEMO_EXIT") != "1":
            tell.say("")
            tell.say(f"The site keeps running at {site.url}. Ctrl-C stops it.")
            _wait_for_signal()
        else:
            tell.say("")
            tell.say("Both sites stop now; `make demo` starts them again as they are.")
    finally:
        sites.__exit__(None, None, None)
    return 0


def _story(tell: Teller, site: Site, hub: Site, seed: int) -> None:
    secrets = Secrets.load(site.var / "demo" / "people.json")
    if not _is_told(site.var):
        Story(site, hub, site.var / "demo" / "work", secrets, tell, seed).run()
        _told(site.var).touch()
    ending.show(tell, site, hub, secrets)


def _is_told(var: Path) -> bool:
    return _told(var).exists()


def _told(var: Path) -> Path:
    return var / "demo" / "done"


def _import_slowly() -> None:
    import peft  # noqa: F401
    import transformers  # noqa: F401

    from workers.recipes import finetune  # noqa: F401


def _wait_for_signal() -> None:
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    told.wait()


if __name__ == "__main__":
    sys.exit(main())
