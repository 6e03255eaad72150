#!/usr/bin/env python
"""The operator's entry: `python manage.py up` starts everything, `--help` lists the rest.

Every command takes `--var DIR`, the folder of the site to work on.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    arguments = sys.argv
    for at, word in enumerate(arguments):
        # Before the settings are read, because they are read from there.
        name, _, value = word.partition("=")
        if name == "--var" and (value or arguments[at + 1 :]):
            os.environ["COMMONWEIGHT_VAR"] = os.path.abspath(value or arguments[at + 1])
            arguments = arguments[:at] + arguments[at + (1 if value else 2) :]
            break
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(arguments)
    except ImproperlyConfigured as wrong:
        sys.exit(f"The site is not set up correctly: {wrong}")


if __name__ == "__main__":
    main()
