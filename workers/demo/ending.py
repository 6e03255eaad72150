"""How the story ends: who brought what, and where to look around."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from workers.demo.cast import CAST, Secrets
from workers.demo.site import Site, rows
from workers.demo.terminal import Teller


def show(tell: Teller, site: Site, hub: Site, secrets: Secrets) -> None:
    """The same table whenever it is asked for: everything comes from the ledger."""
    tell.table(contributors())
    tell.say(
        "* in nats: fall of the loss on split T, each patch alone, against the base; data and "
        "recipes against the same training without them."
    )
    for release in rows("Release").filter(number=1).select_related("track").order_by("pk"):
        tell.say(_gain(release))
    tell.say("")
    for what, url in addresses(site, hub):
        tell.say(f"{what}: {url}")
    tell.table(sign_ins(secrets))


def contributors() -> Table:
    table = Table(title="Who brought what", title_justify="left")
    for heading in ("who", "patch"):
        table.add_column(heading)
    for heading in ("gain on T*", "weight", "credit, nats [95 %]"):
        table.add_column(heading, justify="right")
    table.add_column("outcome", overflow="fold")
    track = None
    for submission in _offered():
        if submission.track_id != track and submission.track:
            track = submission.track_id
            table.add_row(f"[bold]{submission.track.name}[/]", end_section=False)
        table.add_row(*_line(submission))
    return table


def _offered() -> Any:
    return (
        rows("Submission")
        .exclude(discussion=None)
        .select_related("contributor", "track", "discussion")
        .order_by("track__name", "pk")
    )


def _line(submission: Any) -> list[str]:
    patch = submission.release_patches.filter(release__number=1).first()
    credit = submission.credits.filter(release__number=1).first()
    gain = submission.comparisons.filter(split="T", measure="loss").last()
    return [
        submission.contributor.username,
        submission.get_kind_display(),
        f"{gain.difference:+.3f}" if gain else "–",
        f"{patch.weight:.3f}" if patch and patch.weight is not None else "–",
        f"{credit.amount:+.3f} [{credit.low:+.3f}, {credit.high:+.3f}]" if credit else "–",
        _outcome(submission, patch),
    ]


def _outcome(submission: Any, patch: Any) -> str:
    if patch is not None and patch.admitted is False:
        return f"not admitted: {patch.reason} (bound {patch.gate_lower:+.3f})"
    if submission.status == "refused":
        finding = submission.findings.filter(severity="block").order_by("pk").first()
        return f"refused: {finding.rule}" if finding else "refused"
    return str(submission.get_status_display())


def _gain(release: Any) -> str:
    report = release.evidence["report_T"]
    metric = release.track.metric
    before, after = report["base"], report["merged"]
    return (
        f"{release.track.title}: loss {before['loss']:.3f} → {after['loss']:.3f} nats, {metric} "
        f"{before['metrics'][metric]:.3f} → {after['metrics'][metric]:.3f} on T; credit adds up "
        f"to the gain on V within {release.gap:.1e} nats (K = {release.nodes}, "
        f"kappa = {release.kappa:.2f})"
    )


def addresses(site: Site, hub: Site) -> list[tuple[str, str]]:
    """Lines, not a table: a narrow terminal would cut addresses."""
    found = [("look around", f"{site.url}/")]
    for track in rows("Track").order_by("name"):
        found.append((f"leaderboard of {track.name}", f"{site.url}{track.get_absolute_url()}"))
    for release in rows("Release").filter(number=1).order_by("track__name"):
        address = f"{site.url}{release.get_absolute_url()}"
        found.append((f"weights and credit of {release.track.name}", address))
    for one in rows("Publication").order_by("repo_id"):
        found.append((f"{one.repo_id}, published", one.url))
    found.append(("the second instance, which stands for the Hub", f"{hub.url}/"))
    return found


def sign_ins(secrets: Secrets) -> Table:
    table = Table(title="Sign in as", title_justify="left")
    for heading in ("name", "password", "is"):
        table.add_column(heading)
    for person in CAST:
        table.add_row(person.name, secrets.password(person.name), person.part)
    return table
