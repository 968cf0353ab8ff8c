"""What the role may do besides reading, and which limits it brings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings

from fleetmcp.analytics.role import role_problems
from fleetmcp.doctor.lines import Line, fail, listed, ok, warn
from fleetmcp.doctor.sessions import answers, session, with_engine

_SCRIPT = "Run scripts/analytics_ro_role.sql as superuser."


def rights() -> Iterator[Line]:
    """It owns nothing, writes nothing, is a member of nothing, and is no superuser."""
    problems = with_engine(role_problems)
    for problem in problems:
        yield fail(f"The role: {problem}.", _SCRIPT)
    if not problems:
        yield ok("The role only reads: it owns nothing, may write nothing, is in no other role.")


def temporary() -> Iterator[Line]:
    """It may not make temporary tables."""
    [(may,)] = answers(
        "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')"
    )
    if may:
        yield warn("PUBLIC lets the role make temporary tables.", _SCRIPT)
    else:
        yield ok("It may not make temporary tables.")


def elsewhere() -> Iterator[Line]:
    """It may not connect to other databases of the server."""
    found = [name for (name,) in answers(_OTHER_DATABASES)]
    if found:
        yield warn(
            f"It may connect to other databases too: {listed(found)}.",
            "REVOKE CONNECT ON DATABASE ... FROM PUBLIC there, and grant it to who needs it.",
        )
    else:
        yield ok("It may connect to no other database of ours.")


_OTHER_DATABASES = """
SELECT datname FROM pg_catalog.pg_database
WHERE datallowconn AND NOT datistemplate AND datname <> pg_catalog.current_database()
  AND datname <> 'postgres' AND pg_catalog.has_database_privilege(oid, 'CONNECT') ORDER BY 1
"""


def side_effects() -> Iterator[Line]:
    """What PUBLIC may call that does more than read; the guard refuses it anyway."""
    [(count,)] = answers(_SIDE_EFFECTS)
    if count:
        yield ok(
            f"{count} built-in functions with side effects are open to PUBLIC; the guard refuses "
            "them, and `harden` of the role's script takes them away."
        )
    else:
        yield ok("Functions with side effects are taken from the role, too.")


_SIDE_EFFECTS = """
SELECT count(*) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'pg_catalog' AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
  AND p.proname ~ '^(pg_(try_)?advisory_|pg_logical_emit_message$|pg_notify$|lo_create|lo_put)'
"""

# Name, what is too much (or None), and whether it must be there.
_LIMITS = {
    "statement_timeout": "a statement may run for ever",
    "idle_in_transaction_session_timeout": "a forgotten transaction stays open for ever",
    "lock_timeout": "a question may wait for a lock for ever",
    "temp_file_limit": "a sort may fill the disk",
}


def limits() -> Iterator[Line]:
    """The role itself brings timeouts, whoever connects with it."""
    with session(options="") as cursor:
        cursor.execute(
            "SELECT name, coalesce(reset_val, ''), pg_catalog.current_setting(name)"
            " FROM pg_catalog.pg_settings WHERE name = ANY (%s)",
            [list(_LIMITS)],
        )
        found = {name: (value, shown) for name, value, shown in cursor.fetchall()}
    open_ended = [name for name in _LIMITS if found[name][0] in ("0", "-1")]
    for name in open_ended:
        yield warn(f"The role has no {name}: {_LIMITS[name]}.", _SCRIPT)
    if not open_ended:
        reset = {name: value for name, (value, _) in found.items()}
        yield ok(f"The role's limits: {_in_words(reset)}.")


def _in_words(reset: dict[str, str]) -> str:
    seconds = [f"{name} {int(reset[name]) / 1000:g} s" for name in _LIMITS if "timeout" in name]
    return ", ".join([*seconds, f"temp_file_limit {int(reset['temp_file_limit']) // 1024} MB"])


def connections() -> Iterator[Line]:
    """Its connection limit leaves room for us, and for others."""
    [(limit, most, until)] = answers(
        "SELECT rolconnlimit, pg_catalog.current_setting('max_connections')::int,"
        " CASE WHEN pg_catalog.isfinite(rolvaliduntil) THEN rolvaliduntil END"
        " FROM pg_catalog.pg_roles WHERE rolname = current_user"
    )
    if limit < 0:
        yield warn(f"The role may take all {most} connections of the server.", _SCRIPT)
    elif limit < settings.MCP_POOL_MAX + 2:
        yield fail(
            f"The role may have {limit} connections; one worker takes {settings.MCP_POOL_MAX}.",
            "Raise connection_limit of scripts/analytics_ro_role.sql, or lower MCP_POOL_MAX.",
        )
    else:
        yield ok(
            f"The role may have {limit} connections of {most}; each worker takes at most "
            f"{settings.MCP_POOL_MAX}."
        )
    yield from _valid(until)


def _valid(until: datetime | None) -> Iterator[Line]:
    if until is not None and until < datetime.now(UTC) + timedelta(days=14):
        yield fail(f"The role's password is valid until {until:%Y-%m-%d} only.", _SCRIPT)
