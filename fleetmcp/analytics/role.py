"""Is the credential that we were given read-only, by the database's own word?"""

from __future__ import annotations

import logging
import threading
import time

from django.conf import settings

from fleetmcp.analytics.connection import read_only
from fleetmcp.analytics.errors import UnsafeRole
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.ticket import Ticket

logger = logging.getLogger(__name__)

FRESH_SECONDS = 300.0
# A superuser owns everything: the worst come first, and tell enough.
_SHOWN = 8

# Each row is one thing that is wrong. Written so that the role itself may run it.
_PROBLEMS = """
WITH me AS (SELECT * FROM pg_catalog.pg_roles WHERE rolname = current_user),
users AS (SELECT c.oid, c.relkind, c.relowner, n.nspname, c.relname
          FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')),
tables AS (SELECT * FROM users WHERE relkind IN ('r', 'p', 'v', 'm', 'f')),
problems AS (
  SELECT 1 AS rank, 'the session is not read-only: default_transaction_read_only is off' AS problem
   WHERE pg_catalog.current_setting('default_transaction_read_only') <> 'on'
  UNION ALL SELECT 2, 'it is a superuser' FROM me WHERE rolsuper
  UNION ALL SELECT 3, 'it may create databases' FROM me WHERE rolcreatedb
  UNION ALL SELECT 4, 'it may create roles' FROM me WHERE rolcreaterole
  UNION ALL SELECT 5, 'it may replicate' FROM me WHERE rolreplication
  UNION ALL SELECT 6, 'it bypasses row security' FROM me WHERE rolbypassrls
  UNION ALL SELECT 7, 'it is a member of ' || r.rolname FROM me
    JOIN pg_catalog.pg_auth_members m ON m.member = me.oid
    JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
  UNION ALL SELECT 8, 'it owns the database' FROM me, pg_catalog.pg_database d
    WHERE d.datname = pg_catalog.current_database() AND d.datdba = me.oid
  UNION ALL SELECT 9, 'it owns the schema ' || n.nspname FROM me, pg_catalog.pg_namespace n
    WHERE n.nspowner = me.oid
  UNION ALL SELECT 10, 'it owns ' || u.nspname || '.' || u.relname FROM me, users u
    WHERE u.relowner = me.oid
  UNION ALL SELECT 11, 'it owns the function ' || p.proname FROM me, pg_catalog.pg_proc p
    WHERE p.proowner = me.oid
  UNION ALL SELECT 12, 'it may create schemas in the database'
    WHERE pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
  UNION ALL SELECT 13, 'it may create objects in schema ' || n.nspname
    FROM pg_catalog.pg_namespace n WHERE pg_catalog.has_schema_privilege(n.oid, 'CREATE')
  UNION ALL SELECT 14, 'it may write ' || t.nspname || '.' || t.relname FROM tables t
    WHERE pg_catalog.has_table_privilege(t.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
       OR pg_catalog.has_any_column_privilege(t.oid, 'INSERT, UPDATE')
  UNION ALL SELECT 15, 'it may advance the sequence ' || u.nspname || '.' || u.relname FROM users u
    WHERE CASE u.relkind WHEN 'S'
          THEN pg_catalog.has_sequence_privilege(u.oid, 'USAGE, UPDATE') ELSE false END
)
SELECT problem FROM problems ORDER BY rank, problem LIMIT 50
"""

_lock = threading.Lock()
_verified_at: float | None = None


def require_safe_role(ticket: Ticket, *, newer_than: float = FRESH_SECONDS) -> None:
    """Return when the role can only read, by an answer not older than ``newer_than`` seconds.

    Raises UnsafeRole (the list goes to the log, for the operator) or DatabaseUnavailable.
    """
    global _verified_at
    with _lock:
        if _verified_at is not None and time.monotonic() - _verified_at < newer_than:
            return
        _verified_at = None
        problems = role_problems(ticket)
        if problems and not _tolerated(problems):
            raise UnsafeRole(
                "The database role of this server may do more than read, so nothing runs.",
                hint="Tell the operator: the server's log lists what is wrong.",
            )
        _verified_at = time.monotonic()


def forget_role() -> None:
    """Make the next question verify the role again."""
    global _verified_at
    _verified_at = None


def role_problems(ticket: Ticket) -> list[str]:
    """Return what the role may do besides reading, a phrase each; empty when it is safe."""
    with read_only(ticket, limits_for(1), ()) as session:
        return [row[0] for row in session.run(_PROBLEMS)]


def _tolerated(problems: list[str]) -> bool:
    """Log the problems; say whether ANALYTICS_ALLOW_UNSAFE_ROLE lets us go on in spite of them."""
    listed = "; ".join(problems[:_SHOWN]) + ("; and more" if problems[_SHOWN:] else "")
    if settings.ANALYTICS_ALLOW_UNSAFE_ROLE:
        logger.warning("UNSAFE ROLE ALLOWED by ANALYTICS_ALLOW_UNSAFE_ROLE: %s", listed)
        return True
    logger.error(
        "The role in DATABASE_URL is not read-only: %s. Use analytics_ro there, as "
        "scripts/analytics_ro_role.sql makes it.",
        listed,
    )
    return False
