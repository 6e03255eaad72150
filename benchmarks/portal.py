"""How long pages take in a large community, and what a hundred viewers of a live page cost.

make bench NAME=portal          or: python -m benchmarks.portal --submissions 20000

Builds two communities, one with a hundredth of the submissions, and asks the real web processes
for every list and detail page, as nobody and signed in. Milliseconds are those of the client, one
request after the other; ratios are those of the large community to the small one.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks import say
from benchmarks.community import site

NAME = "portal"
FULL = 100_000
REQUESTS = 24
VIEWERS = 100
POLL_SECONDS = 2.0
_WARMING = 4  # requests that are not counted
_AS_IT_IS = "/?&=+,%~"

Figures = dict[str, dict[str, float]]


def main() -> None:
    options = _options()
    if options.measure:
        print(json.dumps(_measured(options)), flush=True)
        return
    large = _in_a_process_of_its_own(options, options.submissions)
    # What is no larger than a small community is compared with itself.
    small = large
    if (fewer := max(options.submissions // 100, 100)) < options.submissions:
        small = _in_a_process_of_its_own(options, fewer)
    for page, found in large["pages"].items():
        before = small["pages"].get(page, {})
        for metric in ("p50", "p95"):
            say(NAME, f"{page}: {metric} (ms)", found[metric], before.get(metric))
        say(NAME, f"{page}: CPU of the site (ms)", found["cpu"], before.get("cpu"))
        say(NAME, f"{page}: queries", found["queries"], before.get("queries"))
    _summary(large["pages"], small["pages"])
    say(NAME, f"{VIEWERS} viewers of one live page (cores)", large["live"], small["live"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--submissions", type=int, default=FULL)
    parser.add_argument("--requests", type=int, default=REQUESTS, help="for each page")
    parser.add_argument("--seconds", type=float, default=16, help="of watching a live page")
    parser.add_argument("--keep", type=Path, help="a short folder below /tmp; used again next time")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_a_process_of_its_own(options: argparse.Namespace, submissions: int) -> dict[str, Any]:
    """Django is set up once in a process, for one database."""
    command = [sys.executable, "-m", "benchmarks.portal", "--measure"]
    command += [f"--submissions={submissions}", f"--requests={options.requests}"]
    command += [f"--seconds={options.seconds}", *([f"--keep={options.keep}"] * bool(options.keep))]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    began = time.monotonic()
    with site.community(options.submissions, keep=options.keep):
        from benchmarks.community.pages import moving_submission, pages, queries, sessions

        _note(f"{options.submissions} submissions made in {time.monotonic() - began:.0f} s")
        cookies, counted, figures = sessions(), {}, {}
        listed = pages()
        for viewer, cookie in cookies.items():
            for page, addresses in listed.items():
                # The most of all: what a submission asks for depends on how far it has come.
                asked = addresses[: options.requests]
                found = [queries(address, cookie) for address in asked]
                if counts := [count for count in found if count is not None]:
                    counted[f"{page} ({viewer})"] = (max(counts), asked, cookie)
        watched = moving_submission()
        with site.web() as address:
            for name, (count, addresses, cookie) in counted.items():
                before = site.cpu_seconds()
                taken = _times(address, addresses, cookie, options.requests)
                spent = 1000 * (site.cpu_seconds() - before) / (options.requests + _WARMING)
                figures[name] = {**_quantiles(taken), "queries": count, "cpu": spent}
            live = _watched(address, watched, options.seconds)
    return {"pages": figures, "live": live}


def _times(address: str, wanted: list[str], cookie: str, requests: int) -> list[float]:
    """Milliseconds of each request, after one that warms up each of the web processes."""
    found, headers = [], {"Cookie": cookie} if cookie else {}
    for number in range(-_WARMING, requests):
        client = http.client.HTTPConnection(address, timeout=60)
        client.connect()
        began = time.perf_counter()
        client.request("GET", quote(wanted[number % len(wanted)], safe=_AS_IT_IS), headers=headers)
        answer = client.getresponse()
        answer.read()
        if number >= 0:
            found.append(1000 * (time.perf_counter() - began))
        client.close()
    return found


def _quantiles(taken: list[float]) -> dict[str, float]:
    ranked = sorted(taken)
    return {"p50": statistics.median(ranked), "p95": ranked[int(0.95 * (len(ranked) - 1))]}


def _watched(address: str, page: str, seconds: float) -> float:
    """Cores that all processes of the site use while so many watch one page."""
    command = [sys.executable, "-m", "benchmarks.community.viewers", address, page]
    command += [str(VIEWERS), str(POLL_SECONDS), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as viewers:
        time.sleep(seconds / 4)  # the first answers are whole
        before, began = site.cpu_seconds(but=viewers.pid), time.monotonic()
        time.sleep(seconds / 2)
        cores = (site.cpu_seconds(but=viewers.pid) - before) / (time.monotonic() - began)
        answers, _ = viewers.communicate()
    _note(f"{VIEWERS} viewers of {page}: {answers.strip()}")
    return cores


def _summary(large: Figures, small: Figures) -> None:
    """The worst of each, which is what the targets are about."""
    say(NAME, "pages measured", len(large), len(small))
    say(NAME, "worst p95 of all pages (ms)", *_worst(large, small, "p95"))
    say(NAME, "most queries of all pages", *_worst(large, small, "queries"))
    differ = [name for name in large if large[name]["queries"] != small[name]["queries"]]
    say(NAME, "pages whose number of queries differs with size", len(differ), 0)
    for name in differ:
        _note(f"{name}: {small[name]['queries']} queries, then {large[name]['queries']}")
    slow = [name for name in large if large[name]["p95"] > 150]
    _note(f"over 150 ms: {', '.join(slow) or 'none'}")


def _worst(large: Figures, small: Figures, metric: str) -> Iterable[float]:
    return (max(found[metric] for found in figures.values()) for figures in (large, small))


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
