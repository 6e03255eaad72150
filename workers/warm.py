"""The first program in every sandbox: import, say "ready", wait for one line, become the job.

    python -P -s -B warm.py '{"path": ["/app"], "preload": ["torch"]}'

Then a line on standard input: {"module": "workers.recipes.check", "folder": "/job", "limits": {…}}.
From that line on, nothing that this process says can be trusted: stub and job are one process.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import runpy
import sys

READY = b"\x1eready\x1e\n"
LONGEST_ORDER = 65536


def main() -> None:
    setup = json.loads(sys.argv[1])
    sys.path[:0] = setup["path"]
    for name in setup["preload"]:
        preload(name)
    gc.collect()
    gc.freeze()
    os.write(1, READY)
    line = read_line()
    if not line.endswith(b"\n"):
        return  # the runner has gone
    become(json.loads(line))


def preload(name: str) -> None:
    """Import "package.module" or touch "package.module:Name", which lazy packages import late."""
    module, _, attribute = name.partition(":")
    try:
        found = importlib.import_module(module)
        if attribute:
            getattr(found, attribute)
    except Exception as error:  # the job may not need it, and says so better if it does
        print(f"could not load {name} in advance: {error}", flush=True)


def read_line() -> bytes:
    line = b""
    while not line.endswith(b"\n") and len(line) < LONGEST_ORDER:
        piece = os.read(0, 4096)
        if not piece:
            break
        line += piece
    return line


def become(order: dict[str, object]) -> None:
    limits = order["limits"]
    if isinstance(limits, dict):
        for name, value in limits.items():
            lower_limit(getattr(resource, name), value)
    empty = os.open("/dev/null", os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    module, folder = str(order["module"]), str(order["folder"])
    os.chdir(folder)
    sys.argv = [module, folder]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def lower_limit(kind: int, value: int) -> None:
    """Soft and hard, so that the job cannot raise it again."""
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    with contextlib.suppress(ValueError, OSError):  # the watchdog stands behind it
        resource.setrlimit(kind, (value, value))


if __name__ == "__main__":
    main()
