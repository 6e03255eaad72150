"""What the API answers in a second, and whether every submission that it accepts is there.

make bench NAME=api             or: python -m benchmarks.api --submissions 20000

Builds two communities, one with a hundredth of the submissions, and asks the real web processes:
lists and details with one and with eight kept connections (callers run in a process of their own,
whose share of the machine is said), as nobody, with a token, and by somebody who holds the answer
already; then eight people offer revisions at once. Ratios of lines that end in “of the target”
are to the targets, all others to the small community.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import say
from benchmarks.community import site

NAME = "api"
FULL = 100_000
MANY = 8
LISTS_TARGET, OFFERS_TARGET, MILLISECONDS_TARGET = 150, 50, 150
REPLAYED = 10  # one offer in so many is sent again, at once and afterwards

Request = list[Any]
Figures = dict[str, float]


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
    for metric, value in large.items():
        say(NAME, metric, value, small.get(metric))
    rates = [large[f"{name}, {MANY} callers: requests/s"] for name in _lists(large)]
    say(NAME, "slowest list of the target: requests/s", min(rates), LISTS_TARGET)
    # What two cores give that do nothing else, however busy this machine is.
    dearest = max(large[f"{name}, {MANY} callers: CPU of the site (ms)"] for name in _lists(large))
    say(NAME, "dearest list of the target: requests/s by CPU time", 2000 / dearest, LISTS_TARGET)
    spent = large["offers: CPU of the site (ms)"]
    say(NAME, "offers of the target: offers/s by CPU time", 2000 / spent, OFFERS_TARGET)
    slowest = max(large[f"{name}, 1 caller: p95 (ms)"] for name in _lists(large))
    say(NAME, "slowest list of the target: p95 (ms)", slowest, MILLISECONDS_TARGET)
    say(NAME, "offers of the target: offers/s", large["offers: offers/s"], OFFERS_TARGET)
    most = max(value for metric, value in large.items() if metric.endswith(": queries"))
    say(NAME, "most queries of the target", most, 15)


def _lists(found: Figures) -> list[str]:
    """What is a list, whole and not known already."""
    end = ", 1 caller: requests/s"
    names = [name.removesuffix(end) for name in found if name.endswith(end)]
    return [name for name in names if "known" not in name and not name.startswith("submission (")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--submissions", type=int, default=FULL)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    parser.add_argument("--offers", type=int, default=600)
    parser.add_argument("--keep", type=Path, help="a short folder below /tmp; used again next time")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_a_process_of_its_own(options: argparse.Namespace, submissions: int) -> Figures:
    """Django is set up once in a process, for one database."""
    command = [sys.executable, "-m", "benchmarks.api", "--measure"]
    command += [f"--submissions={submissions}", f"--seconds={options.seconds}"]
    command += [f"--offers={options.offers}", *([f"--keep={options.keep}"] * bool(options.keep))]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: Figures = json.loads(ended.stdout.splitlines()[-1])
    return found


def _measured(options: argparse.Namespace) -> Figures:
    # Counted as ever, and never reached.
    os.environ.update(API_RATE_ANONYMOUS="1000000000/day", API_RATE_USER="1000000000/day")
    found: Figures = {}
    with site.community(options.submissions, keep=options.keep):
        from benchmarks.community.endpoints import addresses, look, people, revisions

        callers = people()
        wanted = {}
        for name, listed in addresses().items():
            for who, token in (("anybody", ""), ("token", callers[0][1])):
                seen = [look(address, token) for address in listed]
                found[f"{name} ({who}): queries"] = max(each.queries for each in seen)
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                asked = [["GET", address, headers, None] for address in listed]
                wanted[f"{name} ({who})"] = (200, asked)
                known = [
                    ["GET", address, {**headers, "If-None-Match": each.version}, None]
                    for address, each in zip(listed, seen, strict=True)
                ]
                wanted[f"{name} ({who}, known)"] = (304, known)
        waiting = revisions(options.offers, [person for person, _ in callers])
        with site.web() as address:
            for name, (status, asked) in wanted.items():
                # Each web process has answered it before.
                _called(address, 4, 0, asked * 8)
                for count in (1, MANY):
                    shape = f"{name}, {count} caller{'s' * (count > 1)}"
                    found |= _asked(address, shape, asked, status, count, options.seconds)
            found |= _offered(address, waiting, [token for _, token in callers])
    return found


def _asked(
    address: str, shape: str, asked: list[Request], status: int, callers: int, seconds: float
) -> Figures:
    told = _called(address, callers, seconds, asked)
    wrong = [answer for answer in told["answers"] if answer["status"] != status]
    if wrong:
        raise RuntimeError(f"{shape}: {len(wrong)} other answers, the first {wrong[0]}")
    taken = sorted(1000 * answer["took"] for answer in told["answers"])
    return {
        f"{shape}: requests/s": len(taken) / told["seconds"],
        f"{shape}: p95 (ms)": taken[int(0.95 * (len(taken) - 1))],
        f"{shape}: CPU of the site (ms)": 1000 * told["site"] / len(taken),
        f"{shape}: cores of the callers": told["cpu"] / told["seconds"],
    }


def _offered(address: str, waiting: list[tuple[str, str, int]], secrets: list[str]) -> Figures:
    """Every offer once, one in ten twice at once and again later; then the rows are counted."""
    from benchmarks.community.endpoints import kept

    asked: list[Request] = [
        [
            "POST",
            "/api/v1/submissions/",
            {"Authorization": f"Bearer {secrets[person]}", "Idempotency-Key": f"key-{commit}"},
            {"repository": repository, "revision": commit},
        ]
        for repository, commit, person in waiting
    ]
    warm, rest = asked[: MANY * 2], asked[MANY * 2 :]
    first = _called(address, MANY, 0, warm)["answers"]
    twice = [request for request in rest[::REPLAYED] for _ in range(2)]
    once = [request for number, request in enumerate(rest) if number % REPLAYED]
    random.Random(1).shuffle(once)
    told = _called(address, MANY, 0, once)
    both = _called(address, MANY, 0, twice)["answers"]
    again = _called(address, MANY, 0, rest[::REPLAYED])["answers"]
    created = [*first, *told["answers"], *both]
    made = {answer["id"] for answer in created if answer["status"] == 201}
    taken = sorted(1000 * answer["took"] for answer in told["answers"])
    other = [a for a in [*created, *again] if a["status"] not in (201, 409)]
    count = kept(made, [commit for _, commit, _ in waiting])
    return {
        "offers: offers/s": len(taken) / told["seconds"],
        "offers: p95 (ms)": taken[int(0.95 * (len(taken) - 1))],
        "offers: CPU of the site (ms)": 1000 * told["site"] / len(taken),
        "offers: cores of the callers": told["cpu"] / told["seconds"],
        "offers: sent": len(waiting),
        "offers: answered with 201": len(made),
        "offers: rows of those": count["rows"],
        "offers: rows with a check run": count["with a check run"],
        "offers: doubled rows or runs": count["doubled"],
        "offers: repetitions with another answer": len(
            {a["id"] for a in again if "id" in a} - made
        ),
        "offers: other answers": len(other),
    }


def _called(address: str, callers: int, seconds: float, asked: list[Request]) -> dict[str, Any]:
    """Answers of the callers' process, and the CPU seconds of all processes of the site."""
    command = [sys.executable, "-m", "benchmarks.community.callers"]
    lines = "".join(json.dumps(request) + "\n" for request in asked)
    with subprocess.Popen(
        [*command, address, str(callers), str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        before = site.cpu_seconds(but=process.pid)
        written, _ = process.communicate(lines)
        after = site.cpu_seconds(but=process.pid)
    told: dict[str, Any] = json.loads(written)
    return {**told, "site": after - before}


if __name__ == "__main__":
    main()
