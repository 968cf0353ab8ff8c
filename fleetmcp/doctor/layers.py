"""Each read-only layer, proven by trying to write while the others are off; all is rolled back."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from psycopg2 import errorcodes, sql

from fleetmcp.analytics.errors import QueryRefused
from fleetmcp.analytics.guard import check
from fleetmcp.analytics.guard.parse import guard_executor
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.snapshot import current_policy
from fleetmcp.doctor.lines import Line, fail, ok, warn
from fleetmcp.doctor.sessions import create_refused, refused, session, with_engine

OFF = "-c default_transaction_read_only=off"
_APPLY = "Run scripts/analytics_ro_role.sql as superuser; put its role into DATABASE_URL."


def privileges() -> Iterator[Line]:
    """In a READ WRITE transaction, missing privileges alone stop a write."""
    tried = {"CREATE TABLE": _create_read_write(), "DELETE": _delete_read_write()}
    passed = [name for name, state in tried.items() if state != errorcodes.INSUFFICIENT_PRIVILEGE]
    if passed:
        yield fail(f"The role's privileges did not stop {' and '.join(passed)}.", _APPLY)
    else:
        yield ok("The role's privileges alone stop a write: permission denied.")


def _create_read_write() -> str:
    with session(readonly=False) as cursor:
        return create_refused(cursor)


def _delete_read_write() -> str:
    """Try to delete no row of the first table that there is."""
    with session(readonly=False) as cursor:
        cursor.execute(_ANY_TABLE, [list(settings.ANALYTICS_SCHEMAS)])
        found = cursor.fetchone()
        if found is None:
            return errorcodes.INSUFFICIENT_PRIVILEGE
        place = sql.Identifier(found[0], found[1])
        return refused(cursor, sql.SQL("DELETE FROM {} WHERE false").format(place))


_ANY_TABLE = """
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p') ORDER BY 1, 2 LIMIT 1
"""


def role_default() -> Iterator[Line]:
    """Without any option of ours, the role's own setting makes a transaction read-only."""
    with session(options="") as cursor:
        state = create_refused(cursor)
    if state == errorcodes.READ_ONLY_SQL_TRANSACTION:
        yield ok("The role's own default_transaction_read_only alone stops a write.")
    else:
        yield fail("The role's default_transaction_read_only is off.", _APPLY)


def connection_default() -> Iterator[Line]:
    """Our startup options reach the server."""
    with session() as cursor:
        cursor.execute(
            "SELECT setting, source FROM pg_catalog.pg_settings"
            " WHERE name = 'default_transaction_read_only'"
        )
        setting, source = cursor.fetchone()
        state = create_refused(cursor)
    if setting != "on" or state != errorcodes.READ_ONLY_SQL_TRANSACTION:
        yield fail("Our own connections are not read-only by default.", _APPLY)
    elif source != "client":
        yield warn(
            "Our startup options do not reach the database: a pooler drops them.",
            "Nothing is open: each transaction says READ ONLY itself. If you can, let the pooler "
            "pass `options` on.",
        )
    else:
        yield ok("Our connections are read-only by their startup options.")


def transaction() -> Iterator[Line]:
    """With both defaults off, BEGIN READ ONLY alone stops a write."""
    with session(options=OFF, readonly=True) as cursor:
        state = create_refused(cursor)
    if state == errorcodes.READ_ONLY_SQL_TRANSACTION:
        yield ok("BEGIN READ ONLY alone stops a write.")
    else:
        yield fail("A READ ONLY transaction did not stop a write.", "Don't serve from this server.")


WRITES = (
    "CREATE TABLE x (i int)",
    "UPDATE reporting.refresh_log SET notes = 'x'",
    "WITH x AS (DELETE FROM reporting.refresh_log RETURNING 1) SELECT * FROM x",
    "SELECT 1; COMMIT; DROP TABLE reporting.refresh_log",
    "SELECT pg_catalog.set_config('default_transaction_read_only', 'off', false)",
)


def guard() -> Iterator[Line]:
    """The guard refuses writes, whatever the database would say; none is sent."""
    policy = with_engine(current_policy)
    passed = [statement for statement in WRITES if not _guarded(statement, policy)]
    if passed:
        yield fail(f"The guard let through: {passed[0]}", "Don't serve; tell fleetmcp's makers.")
    else:
        yield ok(f"The guard alone refuses {len(WRITES)} ways to write.")


def _guarded(statement: str, policy: Policy) -> bool:
    try:
        guard_executor().submit(check, statement, policy).result(5)
    except QueryRefused:
        return True
    return False


def override() -> Iterator[Line]:
    """No switch is set that lets an unsafe role work."""
    if settings.ANALYTICS_ALLOW_UNSAFE_ROLE:
        yield fail(
            "ANALYTICS_ALLOW_UNSAFE_ROLE is on: a role that can write is let through.",
            "Run scripts/analytics_ro_role.sql and unset ANALYTICS_ALLOW_UNSAFE_ROLE.",
        )
    else:
        yield ok("A role that can write would be refused.")
