#!/usr/bin/env python
"""Django's command line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mashan_edu.settings")
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    if command == "demo":
        os.environ["DEMO"] = "on"  # settings are read before the command runs; the command implies DEMO
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"设置有误：{problem}")


if __name__ == "__main__":
    main()
