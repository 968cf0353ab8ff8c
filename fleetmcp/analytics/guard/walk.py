"""Walk a whole parse tree and judge every node of it; deny by default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fleetmcp.analytics.errors import Code, QueryRefused, place_at
from fleetmcp.analytics.guard import verdicts
from fleetmcp.analytics.guard.no import No
from fleetmcp.analytics.guard.nodes import BARE, BARE_OF_NODE, FIELDS
from fleetmcp.analytics.guard.parse import Statement, too_deep
from fleetmcp.analytics.guard.policy import Policy

MAX_NODES = 20_000
MAX_DEPTH = 1_000
# Each step of WITH sees all names before it: beyond this the judging costs more than the query.
MAX_CTES = 200

Node = dict[str, Any]
Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Visit:
    """One node on the way: its type, its fields, the CTE names in scope, and the nearest place.

    ``cast`` is the type that its parent casts it to.
    """

    kind: str
    fields: Node
    ctes: Names
    depth: int
    location: int
    cast: str = ""


def walk(statement: Statement, policy: Policy) -> None:
    """Return when every node may run; raise QueryRefused for the first that may not."""
    (kind, fields), *_ = statement.tree.items()
    try:
        stack = [Visit(kind, fields, frozenset(), 0, 0)]
        seen = 0
        while stack:
            visit = stack.pop()
            seen += 1
            if seen > MAX_NODES or visit.depth > MAX_DEPTH:
                raise too_deep()
            verdicts.judge(visit.kind, visit.fields, visit.ctes, policy, visit.cast)
            stack.extend(reversed(list(_children(visit))))
    except No as no:
        raise _refusal(no, visit, statement) from None


def _children(visit: Visit) -> Iterator[Visit]:
    """Yield the child nodes in order, each with the CTE names that it can see."""
    if len(visit.fields.get("ctes", ())) > MAX_CTES:
        raise too_deep()
    location = visit.fields.get("location", visit.location)
    cast = verdicts.type_name(visit.fields["typeName"]) if visit.kind == "TypeCast" else ""
    for name, value in visit.fields.items():
        if name not in FIELDS[visit.kind]:
            raise No.field(visit.kind, name)
        if isinstance(value, dict | list):
            ctes = _scope(visit, name)
            for kind, fields in _nodes(visit.kind, name, value):
                yield Visit(kind, fields, ctes, visit.depth + 1, location, cast)
                if visit.kind == "WithClause":
                    ctes |= {fields.get("ctename", "")}


def _scope(visit: Visit, field: str) -> Names:
    """Return the CTE names that a field's nodes see: its own WITH is not inside itself.

    Only WITH RECURSIVE lets a body see itself and later steps; anywhere else such a name still
    means a real relation, and must be judged as one.
    """
    clause = visit.fields.get("withClause") if visit.kind == "SelectStmt" else None
    if not clause or (field == "withClause" and not clause.get("recursive")):
        return visit.ctes
    return visit.ctes | {
        cte.get("CommonTableExpr", {}).get("ctename", "") for cte in clause.get("ctes", [])
    }


def _nodes(kind: str, name: str, value: Any) -> Iterator[tuple[str, Node]]:
    """Yield (type, fields) of the nodes that a field holds, unwrapped."""
    for item in value if isinstance(value, list) else [value]:
        if not item and isinstance(value, list):
            continue
        yield _unwrap(kind, name, item)


def _unwrap(kind: str, name: str, item: Any) -> tuple[str, Node]:
    if isinstance(item, dict):
        if len(item) == 1:
            (key, inner), *_ = item.items()
            if key[:1].isupper() and isinstance(inner, dict):
                return key, inner
        bare = BARE_OF_NODE.get((kind, name)) or BARE.get(name)
        if bare:
            return bare, item
    raise No.field(kind, name)


def _refusal(no: No, visit: Visit, statement: Statement) -> QueryRefused:
    """Return the refusal with the place in the analyst's own text; the parser counts bytes."""
    location = visit.fields.get("location")
    if not isinstance(location, int):  # CREATE TABLESPACE has a LOCATION of its own
        location = visit.location
    raw = statement.source.encode("utf-8")
    index = len(raw[: max(location, 0)].decode("utf-8", "ignore"))
    code = no.code or Code.UNSUPPORTED
    return QueryRefused(no.what, code=code, hint=no.hint, place=place_at(statement.source, index))
