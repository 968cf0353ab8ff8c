"""Ask PostgreSQL for the plan of one judged statement."""

from __future__ import annotations

import json

from typing_extensions import TypedDict

from fleetmcp.analytics.connection import Session, read_only
from fleetmcp.analytics.errors import QueryFailed
from fleetmcp.analytics.explain.advice import advice
from fleetmcp.analytics.explain.nodes import from_json
from fleetmcp.analytics.explain.relations import read_relations
from fleetmcp.analytics.explain.tree import expensive, folded, text_tree
from fleetmcp.analytics.guard import Statement
from fleetmcp.analytics.guard.parse import too_deep
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.hints import add_nearest_columns, locate
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.ticket import Ticket

HEAD = "EXPLAIN (FORMAT JSON) "
# A long list in a filter is printed once for each chunk.
MAX_JSON_CHARACTERS = 8_000_000
_WORK_MEM = "SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem'))"


class Plan(TypedDict):
    """What PostgreSQL expects; cost is in its own units, plan one step a line."""

    estimated_rows: int
    estimated_cost: float
    plan: str
    expensive: list[str]
    advice: list[str]


def explain(statement: Statement, policy: Policy, ticket: Ticket, limits: Limits) -> Plan:
    """Return the plan of the statement, which doesn't run.

    Blocks; call it on one of the engine's threads. Raises AnalyticsError.
    """
    session: Session | None = None
    try:
        with read_only(ticket, limits, policy.search_path) as session:
            return _plan(session, statement, limits)
    except QueryFailed as failed:
        if session:
            locate(failed, statement, session.prefix + len(HEAD))
            add_nearest_columns(failed, statement, ticket, limits, policy.search_path)
        raise
    except RecursionError:
        raise too_deep() from None


def _plan(session: Session, statement: Statement, limits: Limits) -> Plan:
    text = session.run(HEAD + statement.text)[0][0]
    if len(text) > MAX_JSON_CHARACTERS:
        raise too_deep()
    root = from_json(json.loads(text)[0]["Plan"])
    relations = read_relations(session, {n.relation for n in root.walk() if n.relation})
    brief = folded(root, relations)
    work_mem = int(session.run(_WORK_MEM)[0][0])
    return {
        "estimated_rows": round(root.rows),
        "estimated_cost": root.cost,
        "plan": text_tree(brief, relations),
        "expensive": expensive(brief, relations),
        "advice": advice(brief, relations, rows=limits.rows, work_mem=work_mem),
    }
