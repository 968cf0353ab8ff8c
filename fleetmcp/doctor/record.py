"""Is the record whole: triggers, seals, rows that a crash left behind?"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

from django.utils import timezone
from django.utils.module_loading import import_string

from audit.models import Outcome, QueryLog, Seal
from fleetmcp.doctor.lines import Line, fail, listed, ok, warn

SEAL_HOURS = 24
SECONDS, NEWEST = 5.0, 3


def append_only() -> Iterator[Line]:
    """The triggers that keep history from being changed are in place."""
    if find_spec("audit.triggers") is None:
        return
    missing_triggers: Callable[[], list[str]] = import_string("audit.triggers.missing_triggers")
    missing = missing_triggers()
    if missing:
        yield fail(
            f"Triggers are missing or changed: {listed(missing)}.",
            "Run `manage.py migrate`, then `manage.py verify_audit`: find out who did that.",
        )
    else:
        yield ok("The triggers that keep history unchanged are in place.")


def chained() -> Iterator[Line]:
    """The seals continue each other, and the newest hold the rows that they sealed."""
    if find_spec("audit.verifying") is None:
        return
    found, count = _broken_links()
    if found:
        yield fail(
            f"The chain of seals is broken: {found[0]}",
            "Run `manage.py verify_audit`, and keep everything as it is until you know who did it.",
        )
    elif count:
        yield ok(f"{count} seals continue each other, and the newest hold what they sealed.")


def _broken_links() -> tuple[list[str], int]:
    """Follow the chain for a few seconds at most, and look into its newest segments."""
    chain = import_string("audit.verification.Chain")()
    seals = import_string("audit.verifying.seals")
    rows_findings = import_string("audit.verifying.rows_findings")
    newest: deque[Any] = deque(maxlen=NEWEST)
    found: list[str] = []
    count, deadline = 0, time.monotonic() + SECONDS
    for count, seal in enumerate(seals(), 1):  # noqa: B007  # counted to the last one looked at
        found += [finding.sentence for finding in chain.follow(seal)]
        newest.append(seal)
        if time.monotonic() > deadline:
            break
    found += [finding.sentence for seal in newest for finding in rows_findings(seal)]
    return found, count


def sealed() -> Iterator[Line]:
    """The newest seal is fresh, if there is anything to seal."""
    newest = Seal.objects.order_by("-number").first()
    oldest = _oldest_unsealed(newest)
    if oldest is None:
        yield ok("Everything in the record is sealed." if newest else "Nothing is on record yet.")
        return
    limit = timezone.now() - timedelta(hours=SEAL_HOURS)
    where = f"after seal {newest.number}" if newest else "and no seal was ever made"
    if oldest.started_at < limit:
        yield warn(
            f"Calls since {oldest.started_at:%Y-%m-%d %H:%M} UTC are not sealed, {where}.",
            "See that sealing runs: the server does it, or `manage.py seal_audit` from cron.",
        )
    else:
        yield ok(f"Not older than {SEAL_HOURS} hours: what is not sealed yet.")


def _oldest_unsealed(newest: Seal | None) -> QueryLog | None:
    return QueryLog.objects.filter(pk__gt=newest.last_query if newest else 0).order_by("pk").first()


def left_behind() -> Iterator[Line]:
    """No row is still open long after its call."""
    limit = timezone.now() - timedelta(hours=1)
    count = QueryLog.objects.filter(outcome=Outcome.RUNNING, started_at__lt=limit).count()
    if count:
        yield warn(
            f"{count} calls never ended: a process was killed while they ran.",
            "Look at the query history, outcome `running`; give the container 15 seconds to stop.",
        )
    else:
        yield ok("No call was left open.")
