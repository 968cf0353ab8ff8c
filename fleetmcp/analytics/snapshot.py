"""What the running database has, as the guard needs it: asked from its catalog, kept a while."""

from __future__ import annotations

import threading
import time

from django.conf import settings
from psycopg2.sql import SQL, Literal

from fleetmcp.analytics.connection import Session, read_only
from fleetmcp.analytics.guard.policy import FunctionRow, Policy, allowed_functions, build_policy
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.analytics.touched import NOTHING_KNOWN, Facts
from fleetmcp.analytics.touched.load import load

FRESH_SECONDS = 60.0

# Schemas whose names need no prefix besides the readable ones: where known extensions live.
_SEARCH_PATH = """
SELECT DISTINCT n.nspname FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = ANY ({known}) AND n.nspname <> 'pg_catalog'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') ORDER BY 1
"""
_RELATIONS = """
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ({schemas}) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
"""
# Whether the catalog shows function p neither VOLATILE nor SECURITY DEFINER.
HARMLESS = """(
  p.provolatile <> 'v' AND NOT p.prosecdef AND p.prokind <> 'p' AND NOT EXISTS (
    -- An aggregate is always called immutable; what it does is done by these.
    SELECT FROM pg_catalog.pg_aggregate a JOIN pg_catalog.pg_proc part ON part.oid IN
      (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggminvtransfn,
       a.aggmfinalfn, a.aggserialfn, a.aggdeserialfn)
    WHERE a.aggfnoid = p.oid AND (part.provolatile = 'v' OR part.prosecdef)))"""

_FUNCTIONS = f"""
SELECT n.nspname, p.proname, coalesce(e.extname, ''), {HARMLESS},
       p.pronargs - p.pronargdefaults <= 1 AND p.pronargs >= 1
         AND NOT 'pg_catalog.internal'::pg_catalog.regtype = ANY (p.proargtypes::oid[])
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
  AND d.objid = p.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
WHERE n.nspname = ANY ({{schemas}})
"""  # noqa: S608  # the rule above; values are bound later

_lock = threading.Lock()
_kept: tuple[float, Policy] | None = None
_facts = NOTHING_KNOWN


def current_policy(ticket: Ticket, *, newer_than: float = FRESH_SECONDS) -> Policy:
    """Return the policy, read anew when it is older than ``newer_than`` seconds.

    Blocks; call it on one of the engine's threads. Raises DatabaseUnavailable.
    """
    global _kept
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] > newer_than:
            _kept = (time.monotonic(), _read_policy(ticket))
        return _kept[1]


def kept_policy() -> Policy | None:
    """Return the policy if it is fresh; never waits."""
    kept = _kept
    return kept[1] if kept and time.monotonic() - kept[0] <= FRESH_SECONDS else None


def kept_facts() -> Facts:
    """Return the facts that were read with the last policy; never waits."""
    return _facts


def forget_policy() -> None:
    """Make the next question read the catalog again."""
    global _kept
    _kept = None


def _read_policy(ticket: Ticket) -> Policy:
    global _facts
    schemas = list(settings.ANALYTICS_SCHEMAS)
    with read_only(ticket, limits_for(1), ()) as session:
        known = [*allowed_functions()]
        extensions = [row[0] for row in session.run(_bind(session, _SEARCH_PATH, known=known))]
        path = [*dict.fromkeys([*schemas, "public", *extensions])]
        relations = session.run(_bind(session, _RELATIONS, schemas=schemas))
        rows = session.run(_bind(session, _FUNCTIONS, schemas=["pg_catalog", *path]))
        functions = [
            FunctionRow(schema, name, extension, harmless == "t", unary == "t")
            for schema, name, extension, harmless, unary in rows
        ]
        policy = build_policy(
            schemas=schemas,
            search_path=path,
            relations=[(schema, name) for schema, name in relations],
            functions=functions,
        )
        _facts = load(session, policy, [(f.schema, f.name) for f in functions if f.extension])
    return policy


def _bind(session: Session, sql: str, **lists: list[str]) -> str:
    return session.compose(SQL(sql).format(**{name: Literal(v) for name, v in lists.items()}))
