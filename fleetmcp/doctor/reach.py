"""Can the analytics database be reached, by which way and by whom?"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import psycopg2
from django.conf import settings
from django.db import connections

from fleetmcp.doctor.lines import Level, Line, fail, ok, warn
from fleetmcp.doctor.sessions import answers
from fleetmcp.routers import ANALYTICS_ALIAS
from fleetmcp.unreachable import reason

ROLE = "analytics_ro"
SLOW_S = 1.0


def configured() -> Iterator[Line]:
    """DATABASE_URL names a PostgreSQL and, of its users, analytics_ro."""
    found = connections.settings[ANALYTICS_ALIAS]
    if found["ENGINE"] != "django.db.backends.postgresql":
        yield fail("DATABASE_URL is not set.", "Set it to the DSN of analytics_ro.")
        return
    place = f"{found['HOST'] or 'local socket'}:{found['PORT'] or 5432}/{found['NAME']}"
    yield ok(f"DATABASE_URL is {found['USER']}:***@{place}.")
    if found["USER"] != ROLE:
        yield warn(
            f"The user of DATABASE_URL is {found['USER']}, not {ROLE}.",
            f"Use {ROLE}, which scripts/analytics_ro_role.sql makes and keeps read-only.",
        )


def resolved() -> Iterator[Line]:
    """The database's host has an address here."""
    host = str(connections.settings[ANALYTICS_ALIAS].get("HOST", ""))
    if not host or host.startswith("/"):
        return
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        yield fail(
            f"The name {host} has no address here.",
            "Connect this container to the database's network, or correct DATABASE_URL.",
        )
        return
    yield ok(f"{host} is {found[0][4][0]}.")


def connected() -> Iterator[Line]:
    """A new connection opens and answers, and not slowly."""
    started = time.perf_counter()
    try:
        answers("SELECT pg_catalog.current_setting('server_version')")
    except psycopg2.OperationalError as error:
        yield fail(f"The analytics database refuses us: {reason(error)}.", _REMEDY)
        return
    took = time.perf_counter() - started
    line = f"The analytics database answers in {took * 1000:.0f} ms, connecting included."
    yield ok(line) if took < SLOW_S else warn(line, "Look at the network and the database's load.")


def readable() -> Iterator[Line]:
    """Something can be read in each schema."""
    for schema in settings.ANALYTICS_SCHEMAS:
        found = answers(_FIRST, [schema])
        if not found:
            yield fail(
                f"Nothing can be read in {schema}.",
                "Run scripts/analytics_ro_role.sql, with that schema in its variable schemas.",
            )
            continue
        answers(f"SELECT FROM {found[0][0]} LIMIT 1")  # quoted by PostgreSQL
        yield ok(f"{found[0][0]} can be read.")


def problem() -> str:
    """Return in one line why no connection opens and what to do, or "" when one does."""
    lines = (line for check in (resolved, connected) for line in check())
    return next((f"{line.text} {line.todo}" for line in lines if line.level is Level.FAIL), "")


_REMEDY = "Check host, port, database and password in DATABASE_URL, and the container's networks."

# Tables first: a view may take long, even for its first row.
_FIRST = """
SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
ORDER BY pg_catalog.strpos('rpmfv', c.relkind::text), 1 LIMIT 1
"""
