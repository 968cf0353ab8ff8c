"""The functions of a readable schema, judged by the guard's own rule."""

from __future__ import annotations

from typing import Any, cast

from psycopg2.sql import SQL, Literal

from fleetmcp.analytics.catalog.names import require_readable
from fleetmcp.analytics.catalog.shapes import Function, present
from fleetmcp.analytics.connection import read_only
from fleetmcp.analytics.guard.policy import FunctionRow, Policy, Verdict, build_policy
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.snapshot import HARMLESS
from fleetmcp.analytics.ticket import Ticket

# Functions of extensions and triggers are no reports to call: they would only hide those that are.
_FUNCTIONS = SQL("""
SELECT p.proname, {harmless},
  pg_catalog.has_function_privilege(p.oid, 'EXECUTE'),
  pg_catalog.pg_get_function_arguments(p.oid), pg_catalog.pg_get_function_result(p.oid),
  CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
  pg_catalog.obj_description(p.oid, 'pg_proc')
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = {schema} AND p.prokind <> 'p'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND p.prorettype NOT IN ('pg_catalog.trigger'::pg_catalog.regtype,
                           'pg_catalog.event_trigger'::pg_catalog.regtype)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e'
                  AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
ORDER BY 1, 4
""")


def list_functions(schema: str, ticket: Ticket, limits: Limits) -> list[Function]:
    """Return the functions of a schema, those that the guard refuses marked."""
    require_readable(schema)
    with read_only(ticket, limits, ()) as session:
        rows = session.run(
            session.compose(_FUNCTIONS.format(schema=Literal(schema), harmless=SQL(HARMLESS)))
        )
    judged = _judged(schema, rows)
    return [_function(row, judged.function(schema, row[0]) is Verdict.ALLOWED) for row in rows]


def _judged(schema: str, rows: list[tuple[Any, ...]]) -> Policy:
    """Return the guard's judgement: one refused overload refuses the name."""
    known = [FunctionRow(schema, row[0], "", row[1] == "t", unary=False) for row in rows]
    return build_policy(schemas=[schema], search_path=[], relations=[], functions=known)


def _function(row: tuple[Any, ...], allowed: bool) -> Function:
    name, _, executable, arguments, returns, volatility, comment = row
    return cast(
        Function,
        {
            "name": name,
            "arguments": arguments,
            "returns": returns,
            "volatility": volatility,
            "callable": allowed and executable == "t",
            **present({"comment": comment}),
        },
    )
