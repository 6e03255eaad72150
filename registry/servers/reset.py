"""`python -m registry.servers.reset [DIR]`: deletes a site's data, also what lies elsewhere."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from pathlib import Path

from registry.servers import process
from registry.servers.layout import Layout


def main(arguments: list[str]) -> int:
    default = os.environ.get("COMMONWEIGHT_VAR") or Path(__file__).resolve().parents[2] / "var"
    layout = Layout(Path(arguments[0] if arguments else default).resolve())
    if not layout.lock.exists():
        print(f"nothing to delete: {layout.var} holds no site")
        return 0
    with layout.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{layout.var} is in use by a running site: stop it first (Ctrl-C)")
            return 1
        process.end_leftovers(layout.pids)
        shutil.rmtree(layout.postgres, ignore_errors=True)
        shutil.rmtree(layout.var)
    print(f"deleted {layout.var}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
