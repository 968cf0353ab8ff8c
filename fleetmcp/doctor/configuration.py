"""What Django's own system checks find in the settings."""

from __future__ import annotations

from collections.abc import Iterator

from django.core import checks

from fleetmcp.doctor.lines import Line, fail, ok, warn


def system_checks() -> Iterator[Line]:
    """Nothing is misconfigured."""
    found = [message for message in checks.run_checks() if message.level >= checks.WARNING]
    for message in found:
        say = fail if message.level >= checks.ERROR else warn
        yield say(f"{message.id}: {message.msg}", message.hint or "See Django's documentation.")
    if not found:
        yield ok("Django finds nothing wrong with the settings.")
