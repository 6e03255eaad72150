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
    for release in rows("Release").filter(number=1).select_related("track").order_by("pk"):
        tell.say(_gain(release))
    tell.table(addresses(site, hub))
    tell.table(sign_ins(secrets))


def contributors() -> Table:
    table = Table(title="Who brought what", title_justify="left")
    for heading in ("track", "contributor", "patch"):
        table.add_column(heading)
    for heading in ("gain alone on T, nats", "weight", "credit, nats [95 %]"):
        table.add_column(heading, justify="right")
    table.add_column("outcome")
    offered = (
        rows("Submission")
        .exclude(discussion=None)
        .select_related("contributor", "track", "discussion")
        .order_by("track__name", "pk")
    )
    for submission in offered:
        table.add_row(*_line(submission))
    return table


def _line(submission: Any) -> list[str]:
    track = submission.track.name if submission.track else "–"
    patch = submission.release_patches.filter(release__number=1).first()
    credit = submission.credits.filter(release__number=1).first()
    gain = submission.comparisons.filter(split="T", measure="loss").last()
    return [
        track,
        submission.contributor.username,
        submission.get_kind_display(),
        f"{gain.difference:+.3f}" if gain else "–",
        f"{patch.weight:.3f}" if patch and patch.weight is not None else "–",
        f"{credit.amount:+.4f} [{credit.low:+.4f}, {credit.high:+.4f}]" if credit else "–",
        _outcome(submission, patch),
    ]


def _outcome(submission: Any, patch: Any) -> str:
    if patch is not None and patch.admitted is False:
        return f"not admitted, {patch.reason} (lower bound {patch.gate_lower:+.4f})"
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


def addresses(site: Site, hub: Site) -> Table:
    table = Table(title="Look around", title_justify="left", show_header=False)
    table.add_row("the community's site", f"{site.url}/")
    for track in rows("Track").order_by("name"):
        table.add_row(f"leaderboard: {track.name}", f"{site.url}{track.get_absolute_url()}")
    for release in rows("Release").filter(number=1).order_by("track__name"):
        table.add_row(
            f"weights and credit: {release.track.name}",
            f"{site.url}{release.get_absolute_url()}",
        )
    for one in rows("Publication").order_by("repo_id"):
        table.add_row(f"published: {one.repo_id}", one.url)
    table.add_row("the second instance, which stands for the Hub", f"{hub.url}/")
    return table


def sign_ins(secrets: Secrets) -> Table:
    table = Table(title="Sign in as", title_justify="left")
    for heading in ("name", "password", "is"):
        table.add_column(heading)
    for person in CAST:
        table.add_row(person.name, secrets.password(person.name), person.part)
    return table
