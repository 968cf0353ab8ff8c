"""What each kind of node may name: ``judge`` returns, or raises ``No`` with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from fleetmcp.analytics.errors import Code
from fleetmcp.analytics.guard.arguments import RULED, check_arguments
from fleetmcp.analytics.guard.no import No
from fleetmcp.analytics.guard.nodes import FIELDS
from fleetmcp.analytics.guard.policy import SAMPLING_METHODS, Policy, Verdict, refused_type

Node = dict[str, Any]


def judge(kind: str, fields: Node, ctes: frozenset[str], policy: Policy, cast: str = "") -> None:
    """Return when the node itself may run, its children aside; raise No otherwise.

    ``ctes`` are the names of WITH that it sees; ``cast`` is the type that its parent casts it to.
    """
    if kind not in FIELDS:
        raise No.node(kind)
    if kind == "RangeVar":
        _relation(fields, ctes, policy)
    elif kind == "FuncCall":
        check_arguments(_function(fields, policy), fields, policy, cast)
    elif rule := _RULES.get(kind):
        rule(fields, policy)


def _names(nodes: Any) -> list[str]:
    """Return the strings of a list of String nodes; a star or a subscript becomes ""."""
    return [str(node.get("String", {}).get("sval", "")) for node in nodes]


def _relation(fields: Node, ctes: frozenset[str], policy: Policy) -> None:
    schema, name = fields.get("schemaname", ""), fields["relname"]
    if fields.get("catalogname"):
        raise No("Another database can't be named.", "Write schema.table.", Code.SCHEMA)
    if (not schema and name in ctes) or policy.relation(schema, name):
        return
    shown = f"{schema}.{name}" if schema else name
    if schema in ("pg_catalog", "information_schema") or name.startswith("pg_"):
        hint = "Use the tools list_schemas, list_tables, describe_table and list_functions."
        raise No(f"The system catalog {shown} is not readable here.", hint, Code.CATALOG)
    if schema and schema not in policy.schemas:
        what = f"Schema {schema} is not readable here."
        raise No(what, f"Readable schemas: {policy.schema_words}.", Code.SCHEMA)
    known = {f"{s}.{n}" if schema else n for s, n in policy.relations}
    close = get_close_matches(shown, sorted(known), 3)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    hint += f"Readable schemas: {policy.schema_words}; list_tables shows what is in them."
    raise No(f"There is no readable table or view {shown}.", hint, Code.UNKNOWN_RELATION)


def _function(fields: Node, policy: Policy) -> str:
    """Return the name of a function that may be called."""
    names = _names(fields["funcname"])
    if len(names) > 2:
        raise No("Another database can't be named.", "Write schema.function.", Code.FUNCTION)
    schema, name = ("", *names)[-2:]
    verdict = policy.function(schema, name)
    shown = ".".join(names)
    if verdict is Verdict.UNKNOWN:
        known = sorted({n for (s, n), ok in policy.functions.items() if ok and schema in ("", s)})
        close = get_close_matches(name, known, 3)
        hint = f"Did you mean {' or '.join(close)}?" if close else "list_functions shows ours."
        raise No(f"There is no function {shown} here.", hint, Code.UNKNOWN_FUNCTION)
    if verdict is Verdict.REFUSED:
        raise No(
            f"Function {shown} is not on the list of functions that only read.",
            "Use plain expressions, aggregates, window, date and text functions; if a function "
            f"of that name in another schema is in the way, write pg_catalog.{name}(…).",
            Code.FUNCTION,
        )
    return name


def _attributes(names: list[str], policy: Policy) -> None:
    """Refuse ``x.name`` where name is a function or a type that may not be used.

    PostgreSQL reads ``x.name`` as ``name(x)`` when x has no such column, for scalars too, and as
    a cast when name is a type: ``SELECT (1).pg_sleep`` sleeps, ``SELECT (10::oid).regrole`` names
    a role, and neither a FuncCall nor a TypeName node shows it.
    """
    for name in names:
        what = f"'.{name}' could be read as {name}(…), which is not allowed."
        hint = f"If {name} is a column, write it without the prefix."
        if name in policy.refused_attributes or name in RULED:
            raise No(what, hint, Code.FUNCTION)
        if refused_type(name):
            raise No(what, hint, Code.TYPE)


def type_name(fields: Node) -> str:
    """Return the last part of a TypeName's name."""
    return (_names(fields.get("names", [])) or [""])[-1]


def _type(fields: Node, policy: Policy) -> None:
    *schema, name = _names(fields.get("names", [])) or [""]
    if fields.get("setof") or len(schema) > 1 or not policy.type_schema(".".join(schema)):
        hint = "Use PostgreSQL's own types."
        raise No(f"The type {'.'.join([*schema, name])} can't be used here.", hint, Code.TYPE)
    if refused_type(name):
        hint = "Use describe_table or list_tables to look names up."
        raise No(f"The type {name} reads the system catalog.", hint, Code.TYPE)


def _qualified(names: list[str], policy: Policy) -> None:
    """Refuse an operator or collation of a schema that is not on the search path."""
    if len(names) > 2 or (len(names) == 2 and not policy.type_schema(names[0])):
        raise No(f"{'.'.join(names)} is not in a readable schema.", code=Code.OPERATOR)


def _sample(fields: Node, policy: Policy) -> None:
    *schema, name = _names(fields["method"])
    if name not in SAMPLING_METHODS or schema not in ([], ["pg_catalog"]):
        hint = "Write TABLESAMPLE BERNOULLI (percent) or TABLESAMPLE SYSTEM (percent)."
        raise No(f"The sampling method {name} is not allowed.", hint, Code.SAMPLING)


_RULES: dict[str, Callable[[Node, Policy], None]] = {
    "ColumnRef": lambda fields, policy: _attributes(_names(fields["fields"])[1:], policy),
    "A_Indirection": lambda fields, policy: _attributes(_names(fields["indirection"]), policy),
    "TypeName": _type,
    "A_Expr": lambda fields, policy: _qualified(_names(fields.get("name", [])), policy),
    "SubLink": lambda fields, policy: _qualified(_names(fields.get("operName", [])), policy),
    "SortBy": lambda fields, policy: _qualified(_names(fields.get("useOp", [])), policy),
    "CollateClause": lambda fields, policy: _qualified(_names(fields["collname"]), policy),
    "RangeTableSample": _sample,
}
