#!/usr/bin/env python
"""Django's command line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mashan_edu.settings")
    if "demo" in sys.argv[1:2]:
        os.environ["DEMO"] = "on"  # settings are read before the command runs; the command implies DEMO
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
