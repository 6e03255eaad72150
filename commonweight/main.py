"""`commonweight`: submit to a site and wait for what it says, from a shell or a CI job.

Exit codes: 0 approved (or done), 1 failed, 2 needs a human, 3 time-out, 4 the command itself could
not be carried out.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from commonweight import __version__, commands
from commonweight.errors import ClientError, Exit
from commonweight.output import Output

_CODES = """exit codes of wait, and of submit --wait:
  0  approved, released or published      1  failed, refused, rejected or withdrawn
  2  needs a human: a review, an answer   3  not decided within --timeout
other commands end with 0; all of them with 4 if they could not be carried out."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """2 means "needs a human": wrong usage must not look like it."""
        self.print_usage(sys.stderr)
        self.exit(Exit.NOT_DONE, f"{self.prog}: error: {message}\n")


def parser() -> _Parser:
    common = _Parser(add_help=False)
    common.add_argument("--endpoint", default="", metavar="URL", help="the site's address")
    common.add_argument("--json", action="store_true", help="print one JSON object")
    waiting = _Parser(add_help=False)
    waiting.add_argument(
        "--timeout", type=seconds, metavar="TIME", help="give up after 90, 90s, 30m or 2h"
    )
    waiting.add_argument(
        "--through-review", action="store_true", help="also wait for what people decide"
    )
    top = _Parser(
        prog="commonweight",
        description="Pull requests for models, from a shell.",
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"commonweight {__version__}")
    verbs = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def verb(name: str, words: str, *parents: _Parser) -> _Parser:
        return verbs.add_parser(name, help=words, description=words, parents=[common, *parents])

    login = verb("login", "keep an access token of a site")
    login.add_argument("site", nargs="?", default="", help="for example https://your.site")
    login.add_argument("--token", default="", help="“-” reads it from standard input")
    _add_submit(verb("submit", "offer a folder or a revision", waiting))
    status = verb("status", "how a submission stands; without one, yours")
    status.add_argument("submission", nargs="?", default="")
    status.add_argument("--limit", type=int, default=20)
    wait = verb("wait", "until machines are done; the exit code tells", waiting)
    wait.add_argument("submission")
    logs = verb("logs", "what the runs of a submission wrote")
    logs.add_argument("submission")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until machines rest")
    logs.add_argument("--run", type=int, help="one run only")
    verb("cancel", "stop the runs of a submission").add_argument("submission")
    verb("scores", "what was measured, with intervals").add_argument("submission")
    return top


def _add_submit(submit: _Parser) -> None:
    submit.add_argument("repository", help="namespace/name")
    submit.add_argument("folder", nargs="?", default="", help="uploaded as a pull request")
    submit.add_argument("--revision", default="", help="refs/pr/N, a branch or a commit instead")
    submit.add_argument("--path-in-repo", default="", metavar="PATH", help="such as adapters/mine")
    submit.add_argument("--repo-type", choices=["model", "dataset"], default="model")
    submit.add_argument("--track", default="")
    submit.add_argument("--title", default="")
    submit.add_argument("--description", default="")
    submit.add_argument("--evaluate", action="store_true", help="measure it though it is a draft")
    submit.add_argument("--wait", action="store_true", help="then do what wait does")


def seconds(text: str) -> float:
    """`90`, `90s`, `1.5m`, `2h`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"“{text}” is no time: write 90, 90s, 30m or 2h")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    output = Output(as_json=given.json)
    try:
        return int(getattr(commands, given.command)(given, output))
    except ClientError as error:
        output.error(str(error))
        output.result({"error": error.message, "next": error.next, "status": error.status})
        return int(Exit.NOT_DONE)
    except BrokenPipeError:
        # Whoever read the output has gone: `commonweight logs 17 | head`.
        sys.stderr.close()
        return int(Exit.APPROVED)
    except KeyboardInterrupt:
        output.progress(_interrupted(output.followed))
        return int(Exit.INTERRUPTED)


def _interrupted(submission: int | None) -> str:
    if submission is None:
        return "Interrupted."
    return (
        f"Interrupted. Submission {submission} goes on: `commonweight wait {submission}` waits for "
        f"it again, `commonweight cancel {submission}` stops it."
    )


if __name__ == "__main__":
    sys.exit(main())
