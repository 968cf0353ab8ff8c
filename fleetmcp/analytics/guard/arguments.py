"""Functions that only read, except with some arguments: what those arguments must look like.

A name can't tell these apart, so the arguments are judged as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fleetmcp.analytics.errors import Code
from fleetmcp.analytics.guard.no import No
from fleetmcp.analytics.guard.policy import Policy, refused_type

Node = dict[str, Any]

_INTEGERS = frozenset({"int2", "int4", "int8", "smallint", "int", "integer", "bigint"})
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_$]*(\.[a-z_][a-z0-9_$]*)?")


def check_arguments(function: str, fields: Node, policy: Policy, cast: str) -> None:
    """Return when the call's arguments are harmless; ``cast`` is what its result is cast to.

    Raises No.
    """
    if rule := _RULES.get(function):
        rule(list(fields.get("args", [])), policy, cast)
    elif function in _TAKE_RELATION:
        _relation_literal(list(fields.get("args", [])), policy, cast)


def _transform(args: list[Node], policy: Policy, cast: str) -> None:
    """PROJ opens files that a projection given as text names: +init=, +nadgrids=."""
    if len(args) != 2 or not _is_srid(args[1]):
        raise No(
            "ST_Transform takes a geometry and an SRID as a number here.",
            "Write ST_Transform(geom, 4326), or ST_Transform(geom, ST_SRID(other)).",
            Code.FUNCTION,
        )


def _is_srid(node: Node) -> bool:
    if "A_Const" in node:
        return "ival" in node["A_Const"]
    if "TypeCast" in node:
        names = node["TypeCast"]["typeName"].get("names", [])
        return bool(names) and names[-1]["String"]["sval"] in _INTEGERS
    called = node.get("FuncCall", {}).get("funcname", [])
    return bool(called) and called[-1]["String"]["sval"] == "st_srid"


def _relation_literal(args: list[Node], policy: Policy, cast: str) -> None:
    """A relation given as a number would reach those of schemas that may not be read."""
    name = _literal(args[0]) if len(args) == 1 else None
    if name and _PLAIN_NAME.fullmatch(name):
        schema, _, relation = name.rpartition(".")
        if policy.relation(schema, relation):
            return
    raise No(
        "This function takes the name of a readable table, as a literal.",
        "Write for example approximate_row_count('tracksolid.position_history').",
        Code.FUNCTION,
    )


def _typeof(args: list[Node], policy: Policy, cast: str) -> None:
    """A bare regtype would turn literals beside it into names of the catalog."""
    if cast != "text":
        raise No(
            "The result of pg_typeof must be text.", "Write pg_typeof(x)::text.", Code.FUNCTION
        )


def _type_literal(args: list[Node], policy: Policy, cast: str) -> None:
    """The type comes as a string, which must name a type that could be cast to."""
    name = _literal(args[1]) if len(args) == 2 else None
    if not name or not _PLAIN_NAME.fullmatch(name) or refused_type(name.rpartition(".")[2]):
        raise No(
            "The type must be a literal with the plain name of an ordinary type.",
            "Write for example pg_input_is_valid(x, 'integer').",
            Code.FUNCTION,
        )


def _literal(node: Node) -> str | None:
    """Return the text of a string literal, or None for any other expression."""
    text = node.get("A_Const", {}).get("sval", {}).get("sval")
    return text if isinstance(text, str) else None


_RULES: dict[str, Callable[[list[Node], Policy, str], None]] = {
    "st_transform": _transform,
    "pg_typeof": _typeof,
    "pg_input_is_valid": _type_literal,
    "pg_input_error_info": _type_literal,
}
_TAKE_RELATION = frozenset(
    "approximate_row_count hypertable_size hypertable_detailed_size hypertable_index_size "
    "hypertable_approximate_size hypertable_approximate_detailed_size hypertable_columnstore_stats "
    "hypertable_compression_stats".split()
)
# ``x.name`` shows no argument to judge, so none of these may be called that way.
RULED = frozenset(_RULES) | _TAKE_RELATION
