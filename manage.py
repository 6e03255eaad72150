#!/usr/bin/env python
"""The operator's entry: `python manage.py up` starts everything, `--help` lists the rest.

Every command takes `--var DIR`, the folder of the site to work on.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    arguments = sys.argv
    if "--var" in arguments[:-1]:
        # Before the settings are read, because they are read from there.
        at = arguments.index("--var")
        os.environ["COMMONWEIGHT_VAR"] = os.path.abspath(arguments[at + 1])
        arguments = arguments[:at] + arguments[at + 2 :]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments)


if __name__ == "__main__":
    main()
