"""Pictures of every page, to be looked at, in light and dark, wide and narrow:

    python -m tests.web.gallery FOLDER [WORD …]     # only addresses with one of the words

It serves the scene with servers of its own, says what each page weighs, what its console complains
of and what tests/journeys/accessibility.py finds, and leaves nothing behind but the pictures.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

from tests.browser import launched, opened, sign_in
from tests.journeys.accessibility import faults

EMPTY = [
    (
        None,
        "/ /models /datasets /tracks /submissions /queue /search /search?q=digits /docs /signup",
    ),
    (
        "olga",
        "/ /submissions/mine /notifications /tracks/new /submit /new /settings/tokens /admin/"
        " /admin/contributions/reviewitem/ /admin/registry/event/",
    ),
]
# Of whom, and where; the names in braces are those of `full`.
PAGES = [
    (
        None,
        "/ /models /models?search=nothing-is-so /datasets /tracks /tracks/digits"
        " /tracks/digits/releases/1 /tracks/digits/releases/0 /submissions"
        " /submissions/{weights} /submissions/{recipe} /submissions/{pickle} /submissions/{rows}"
        " /runs/{training} /runs/{training}?q=step /search?q=digits /queue /about /docs"
        " /docs/contribute /docs/credit /docs/recipes {model} {model}/tree/main"
        " {model}/blob/main/README.md {model}/blob/main/config.json"
        " {model}/blob/main/model.safetensors {model}/commits/main {model}/commit/{head}"
        " {model}/refs {model}/compare/main...refs%2Fpr%2F4 {model}/discussions"
        " {model}/discussions/1 {model}/scores {model}/credit {model}/lineage {model}/licence"
        " {data} {plain} /berta /tinymodels /login /signup /accounts/password/reset/"
        " /no-such-person /api/v1/docs/",
    ),
    (
        "berta",
        "/ /notifications /submissions/mine /submissions/{weights} /submissions/{draft}"
        " /submissions/{rows} /settings /settings/tokens /settings/security /settings/sessions"
        " /settings/notifications"
        " /settings/account /settings/account/delete /settings/organisations /accounts/email/"
        " /accounts/password/change/ /accounts/2fa/totp/activate/ /accounts/reauthenticate/ /new"
        " /organisations/new /submit /submit?repository=ada/digits /submit/{offer}/what"
        " /submit/{offer}/files /submit/{offer}/licence /submit/{offer}/recipe"
        " /submit/{offer}/check {model}/edit/main/README.md /berta/scratch",
    ),
    ("cyril", "/submissions/{asked} /notifications"),
    (
        "ada",
        "/ /tracks/digits /tracks/digits/release /tracks/digits/close"
        " /tracks/digits/releases/1 /tracks/digits/releases/1/publish /tracks/new {model}/settings"
        " {data}/edit/main/README.md /organisations/tinymodels",
    ),
    (
        "lena",
        "/ /submissions/{waiting} /admin/ /admin/contributions/reviewitem/?key=licence"
        " /admin/reviews/{waiting}/ /admin/reviews/{waiting}/?show=changes"
        " /admin/reviews/{waiting}/?show=scores /admin/reviews/{waiting}/?show=lineage"
        " /admin/contributions/review/ /admin/contributions/cannedreply/",
    ),
    (
        "olga",
        "/admin/ /admin/operation/ /admin/contributions/track/ /admin/contributions/track/{track}/"
        " /admin/contributions/benchmark/ /admin/contributions/publication/"
        " /admin/contributions/publication/{publication}/ /admin/contributions/usage/"
        " /admin/registry/user/ /admin/registry/user/{berta}/ /admin/registry/organisation/"
        " /admin/registry/repository/ /admin/registry/quarantine/ /admin/registry/event/"
        " /admin/contributions/cannedreply/do/write/",
    ),
]
WIDTHS = (1280, 390)
TALLEST = 4000


def full() -> SimpleNamespace:
    """The scene, and what it has no need of itself: questions, news, drafts, queues."""
    from contributions.models import Decision, Key, NotificationKind, PatchKind, SubmissionStatus
    from contributions.services import canned_replies, drafts, notifications, review_queue
    from registry.services import quarantine, repositories
    from tests.web import scene

    s = scene.make()
    s.olga = operator()
    s.asked = scene.offer(s.model, s.cyril, "Adapter for ones", {"adapters/one/a.md": b"x\n"})
    scene.put(s.asked, SubmissionStatus.NEEDS_INFO, kind=PatchKind.ADAPTER, track=s.track)
    scene.run(s.asked, "check")
    s.asked.reviews.create(
        key=Key.PRIVACY,
        decision=Decision.INFO,
        reviewer=s.paul,
        revision=s.asked.head_revision,
        reason_code="consent-unclear",
        text="Who wrote the *ones*, and did they agree?",
        answer_due_at=s.asked.status_since.replace(microsecond=0),
    )
    review_queue.sync(s.waiting, missing_keys=["licence", "privacy"])
    s.offer = drafts.begin(
        author=s.berta, repository=s.model, kind=PatchKind.RECIPE, title="A longer schedule"
    )
    for number, kind in enumerate(NotificationKind):
        notifications.tell(
            s.berta,
            kind,
            title=f"Longer training with augmentation: {kind.label}",
            text="Which augmentation was it?",
            url="/about",
            about=f"gallery:{number}",
            submission=s.weights,
        )
    canned_replies.write(
        actor=s.olga, title="Text missing", decision=Decision.CHANGES, text="Please add LICENSE."
    )
    spare = repositories.create(
        actor=s.emil, namespace=s.emil.namespace, name="spam", repo_type="model"
    )
    quarantine.place(spare, actor=s.olga, reason="Advertising.")
    return s


def operator():
    from registry.models import Role
    from registry.services import accounts
    from tests.web import scene

    return accounts.ensure_user(
        name="olga", password=scene.PASSWORD, roles=[Role.OPERATOR, Role.TECHNICAL_REVIEWER]
    )


def addresses(pages, s: SimpleNamespace):
    """(who, address) for every page."""
    named = {name: getattr(value, "pk", value) for name, value in vars(s).items()}
    for name in {"model", "data", "plain"} & named.keys():
        named[name] = getattr(s, name).get_absolute_url()
    if "head" in named:
        named |= {"head": s.head.oid, "publication": s.release.publications.get().pk}
    for who, line in pages:
        for address in line.split():
            yield who, address.format(**named)


class Gallery:
    def __init__(self, browser, url: str, folder: Path, words: list[str]) -> None:
        self.browser, self.url, self.folder, self.words = browser, url, folder, words

    def show(self, prefix: str, pages, s: SimpleNamespace) -> None:
        windows = {}
        for who, address in addresses(pages, s):
            where = f"{prefix}-{who or 'nobody'}"
            if self.words and not any(word in f"{where} {address}" for word in self.words):
                continue
            if who not in windows:
                windows[who] = self.window(s, who)
            self.take(windows[who], where, address)

    def window(self, s: SimpleNamespace, who: str | None):
        page = opened(self.browser, color_scheme="light")
        page.loaded = []
        page.on("response", lambda answer: page.loaded.append(answer))
        if who:
            sign_in(page, SimpleNamespace(url=self.url), getattr(s, who))
        return page

    def take(self, page, prefix: str, address: str) -> None:
        name = re.sub(r"[^a-z0-9]+", "-", address.lower()).strip("-") or "home"
        said: set[str] = set()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": WIDTHS[0], "height": 900})
            page.complaints.clear()
            page.loaded.clear()
            answer = page.goto(self.url + address, wait_until="load")
            page.wait_for_timeout(700 if address.startswith(("/admin", "/api")) else 150)
            if scheme == "light":
                print(f"{prefix} {address}: {answer.status}, {weight(page.loaded)}", flush=True)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                said |= {f"{scheme} {width}: {fault}" for fault in faults(page)}
                tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
                page.screenshot(
                    path=self.folder / f"{prefix}-{name}-{width}-{scheme}.png",
                    full_page=True,
                    clip={"x": 0, "y": 0, "width": width, "height": max(tall, 900)},
                )
            if answer.status < 400:
                said |= set(page.complaints)
        for line in sorted(said):
            print(f"    {line}", flush=True)


def weight(answers) -> str:
    """Bytes of HTML, styles and scripts: as they are, and as gzip would make them."""
    plain = packed = 0
    parts = []
    for answer in answers:
        kind = answer.headers.get("content-type", "")
        if answer.status != 200 or not re.search("html|css|javascript|json", kind):
            continue
        body = answer.body()
        plain, packed = plain + len(body), packed + len(gzip.compress(body))
        if len(body) > 60_000:
            parts.append(f"{Path(urlsplit(answer.url).path).name or 'page'} {len(body) // 1000}")
    return f"{plain / 1000:.0f} kB, gzip {packed / 1000:.0f} kB {' '.join(parts)}"


@contextlib.contextmanager
def site():
    """Servers and a gunicorn with an empty database, on a port that is free."""
    from registry.servers import parts, process
    from registry.servers.layout import OWNER_ROLE, Layout
    from registry.servers.postgres import UNSAFE_BUT_FAST, Postgres
    from registry.servers.redis import Redis, free_port

    root = Path(tempfile.mkdtemp(prefix="cw-gallery-", dir="/tmp"))
    root.chmod(0o711)
    layout = Layout(root)
    servers = Postgres(layout, UNSAFE_BUT_FAST), Redis(layout)
    port = int(os.environ.get("PORT", 0)) or free_port()
    url = f"http://127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        for server in servers:
            server.start()
            stack.callback(server.stop)
        os.environ.update(
            COMMONWEIGHT_VAR=str(root),
            SITE_URL=url,
            DJANGO_SETTINGS_MODULE="registry.config.settings",
            DJANGO_ALLOW_ASYNC_UNSAFE="true",
            SECRET_KEY="only-for-pictures-" + "0123456789" * 4,
            DATABASE_URL=layout.database_url(OWNER_ROLE),
            REDIS_URL=layout.redis_url(0),
            HUB_TOKEN_PUBLIC_KEY=layout.hub_token_public_key(),
            WEB_PROCESSES="1",
        )
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0)
        stack.callback(connections.close_all)
        web = parts.web("127.0.0.1", port)
        started = subprocess.Popen(web.command, env={**os.environ, **web.env})
        stack.callback(process.stop, started, web.stop_steps)
        process.wait_for(lambda: _answers(url), seconds=60)
        yield url


def _answers(url: str) -> bool:
    import urllib.request

    with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health/", timeout=5):
        return True
    return False


def main(folder: Path, words: list[str]) -> None:
    from django.core.cache import cache

    folder.mkdir(parents=True, exist_ok=True)
    with site() as url, launched() as browser:
        gallery = Gallery(browser, url, folder, words)
        gallery.show("empty", EMPTY, SimpleNamespace(olga=operator()))
        made = full()
        cache.clear()
        gallery.show("full", PAGES, made)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
