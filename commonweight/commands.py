"""What each command does: one function, which returns the exit code."""

from __future__ import annotations

import re
import sys
import time
from argparse import Namespace
from getpass import getpass
from typing import Any

from commonweight import credentials, upload
from commonweight.credentials import Credentials
from commonweight.errors import ClientError, Exit
from commonweight.output import Output, outcome_words
from commonweight.site import Json, Site

POLL_SECONDS = 2.0
SLOWEST_POLL_SECONDS = 15.0
# A site that restarts, or a network that is away for a while, ends no `wait`.
OUTAGE_SECONDS = 600.0
_CODES = {
    "approved": Exit.APPROVED,
    "failed": Exit.FAILED,
    "needs-human": Exit.NEEDS_HUMAN,
    "moving": Exit.TIME_OUT,
}


def login(given: Namespace, output: Output) -> Exit:
    address = given.site or given.endpoint
    endpoint = credentials.normal(address) if address else credentials.find().endpoint
    secret = _secret(given.token)
    found = Credentials(endpoint, secret)
    me = Site(found).get("/me/")
    path = credentials.store(found)
    scope = str(me.get("scope", ""))
    output.line(f"Signed in to {endpoint} as {me['name']} (scope {scope}); kept in {path}.")
    if scope == "read":
        output.progress("This token may only read: submitting and cancelling need the scope write.")
    output.result({"endpoint": endpoint, "name": me["name"], "scope": scope})
    return Exit.APPROVED


def _secret(given: str) -> str:
    if given and given != "-":
        return given.strip()
    if given == "-" or not sys.stdin.isatty():
        secret = sys.stdin.readline().strip()
    else:
        secret = getpass("Access token (Settings, Access tokens): ").strip()
    if not secret:
        raise ClientError("No token was given.", next="Make one under Settings, Access tokens.")
    return secret


def submit(given: Namespace, output: Output) -> Exit:
    site = _site(given)
    revision = given.revision
    if bool(given.folder) == bool(revision):
        raise ClientError(
            "Say what to submit: a folder to upload, or --revision of what is uploaded already.",
            next="For example: commonweight submit community/digits-vit ./my-model",
        )
    if given.folder:
        revision = upload.folder(given, site.credentials, output)
    offered = {
        "repository": given.repository,
        "repo_type": given.repo_type,
        "revision": revision,
        "track": given.track,
        "title": given.title,
        "description": given.description,
        "evaluate": given.evaluate or None,
    }
    found = site.post("/submissions/", {name: v for name, v in offered.items() if v})
    if given.wait:
        output.progress(f"Submission {found['id']}: {found['url']}")
        return _wait(site, found, given, output)
    output.submission(found)
    output.result(found)
    return Exit.APPROVED


def status(given: Namespace, output: Output) -> Exit:
    site = _site(given)
    if given.submission:
        found = site.get(f"/submissions/{_number(given.submission, site)}/")
        output.submission(found)
        output.result(found)
        return Exit.APPROVED
    page = site.get("/submissions/", mine="true", limit=given.limit)
    rows = [
        [str(line["id"]), line["status_label"], line["repository"], line["title"]]
        for line in page["results"]
    ]
    if rows:
        output.table(["id", "status", "repository", "title"], rows)
    else:
        output.line("You have not submitted anything yet: see commonweight submit --help.")
    output.result(page)
    return Exit.APPROVED


def wait(given: Namespace, output: Output) -> Exit:
    site = _site(given)
    found = site.get(f"/submissions/{_number(given.submission, site)}/")
    return _wait(site, found, given, output)


def _wait(site: Site, found: Json, given: Namespace, output: Output) -> Exit:
    """Until machines have done what they can, or, `through_review`, until people have too."""
    goes_on = {"moving", "needs-human"} if given.through_review else {"moving"}
    deadline = None if given.timeout is None else time.monotonic() + given.timeout
    pause, said = POLL_SECONDS, ""
    output.followed = found["id"]
    while True:
        news = f"{found['status_label']}: {found['status_reason']}".rstrip(": ")
        if news != said:
            output.progress(f"{time.strftime('%H:%M:%S')}  {news}")
            pause, said = POLL_SECONDS, news
        if found["outcome"] not in goes_on:
            break
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            output.progress(f"Still {found['status_label']} after {given.timeout:g} s.")
            output.result(found)
            return Exit.TIME_OUT
        time.sleep(pause if left is None else min(pause, left))
        pause = min(pause * 1.25, SLOWEST_POLL_SECONDS)
        found = _again(site, found, deadline, output)
    output.submission(found)
    output.result(found)
    return _CODES.get(str(found["outcome"]), Exit.FAILED)


def _again(site: Site, found: Json, deadline: float | None, output: Output) -> Json:
    """The submission as it is now, or as it was while the site cannot be reached."""
    patience = time.monotonic() + OUTAGE_SECONDS
    while True:
        try:
            return site.get(f"/submissions/{found['id']}/")
        except ClientError as error:
            passing = error.status is None or error.status == 429 or error.status >= 500
            if not passing or time.monotonic() > patience:
                raise
            if deadline is not None and time.monotonic() > deadline:
                return found
            output.progress(f"{error.message} Trying again.")
            time.sleep(SLOWEST_POLL_SECONDS)


def logs(given: Namespace, output: Output) -> Exit:
    """One run's log; with --follow every run of the submission until machines rest."""
    site = _site(given)
    number = _number(given.submission, site)
    shown: dict[int, int] = {}
    while True:
        found = site.get(f"/submissions/{number}/")
        chosen = _runs(found, given.run)
        for run in chosen:
            _more_log(site, run, shown, output, titled=given.run is None)
        if not given.follow or not _at_work(found, chosen, given.run):
            break
        time.sleep(POLL_SECONDS)
    if not shown:
        output.progress("No run of this submission has written anything yet.")
    output.progress(f"{found['status_label']} ({outcome_words(found)})")
    return Exit.APPROVED


def _runs(found: Json, wanted: int | None) -> list[dict[str, Any]]:
    runs = sorted(found["runs"], key=lambda run: int(run["id"]))
    if wanted is None:
        return runs
    chosen = [run for run in runs if run["id"] == wanted]
    if not chosen:
        known = ", ".join(str(run["id"]) for run in runs) or "none"
        raise ClientError(
            f"Submission {found['id']} has no run {wanted}.", next=f"Its runs are: {known}."
        )
    return chosen


def _at_work(found: Json, chosen: list[dict[str, Any]], wanted: int | None) -> bool:
    if wanted is None:
        return bool(found["outcome"] == "moving")
    return any(run["status"] in {"queued", "running", "cancelling"} for run in chosen)


def _more_log(
    site: Site, run: dict[str, Any], shown: dict[int, int], output: Output, *, titled: bool
) -> None:
    number = int(run["id"])
    part = site.get(f"/runs/{number}/log/", after=shown.get(number, 0))
    text = str(part["text"])
    if text and number not in shown and titled and not output.as_json:
        output.line(f"--- run {number}: {run['kind']} ---")
    if text:
        shown[number] = int(part["next_offset"])
        if output.as_json:
            output.result({"run": number, "kind": run["kind"], "text": text})
        else:
            output.raw(text)


def cancel(given: Namespace, output: Output) -> Exit:
    site = _site(given)
    found = site.post(f"/submissions/{_number(given.submission, site)}/cancel/")
    output.submission(found)
    output.result(found)
    return Exit.APPROVED


def scores(given: Namespace, output: Output) -> Exit:
    site = _site(given)
    found = site.get(f"/submissions/{_number(given.submission, site)}/")
    rows = [_score_row(score) for score in found["scores"]]
    if rows:
        titles = ["split", "measure", "candidate", "reference", "gain", "95 % interval"]
        output.table(titles, rows, numbers=4)
    else:
        output.line(f"Nothing is measured yet: the submission is {found['status_label']}.")
    for credit in found.get("credit") or []:
        output.line(
            f"credit in {credit['track']} release {credit['release']}: {credit['amount']:+.4f} nats"
            f" [{credit['low']:+.4f}, {credit['high']:+.4f}] at weight {credit['weight']:.3f}"
        )
    shown = {name: found[name] for name in ("id", "url", "status", "outcome", "scores")}
    output.result({**shown, "credit": found.get("credit") or []})
    return Exit.APPROVED


def _score_row(score: Json) -> list[str]:
    def number(name: str, form: str = ".4f") -> str:
        value = score.get(name)
        return "–" if value is None else format(value, form)

    interval = f"[{number('low', '+.4f')}, {number('high', '+.4f')}]"
    return [
        str(score["split"]),
        str(score["measure"]),
        number("candidate"),
        number("reference"),
        number("difference", "+.4f"),
        interval,
    ]


def _site(given: Namespace) -> Site:
    return Site(credentials.find(endpoint=given.endpoint))


def _number(text: str, site: Site) -> int:
    """`17`, or the address of its page."""
    found = re.fullmatch(r"(?:(https?://.+)/submissions/)?(\d{1,18})/?", text)
    if found is None:
        raise ClientError(f"“{text}” is no submission.", next="Give its number or its address.")
    if found[1] and credentials.normal(found[1]) != site.credentials.endpoint:
        raise ClientError(
            f"{text} is not on {site.credentials.endpoint}.",
            next=f"Add --endpoint {credentials.normal(found[1])}.",
        )
    return int(found[2])
