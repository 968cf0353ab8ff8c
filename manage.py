#!/usr/bin/env python3
"""Django's command line."""

import os
import sys


def main() -> None:
    """Run the management command named in argv; wrong settings end in one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetmcp.settings")
    from django.core.management import execute_from_command_line

    from fleetmcp.env import BadSetting

    try:
        execute_from_command_line(sys.argv)
    except BadSetting as error:
        sys.exit(f"fleetmcp: {error}")


if __name__ == "__main__":
    main()
