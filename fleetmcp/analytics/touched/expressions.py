"""Expressions of the parse tree: the parts that name something, and the name of a result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Node = dict[str, Any]

# Whatever stands below these names no column, relation or function that could be read.
_BARREN = frozenset({"A_Const", "String", "TypeName", "typeName", "funcname", "collname", "name"})
_NAMES = {
    "A_ArrayExpr": "array",
    "RowExpr": "row",
    "CoalesceExpr": "coalesce",
    "GroupingFunc": "grouping",
    "XmlSerialize": "xmlserialize",
    "JsonParseExpr": "json",
    "JsonScalarExpr": "json_scalar",
    "JsonSerializeExpr": "json_serialize",
    "JsonObjectConstructor": "json_object",
    "JsonArrayConstructor": "json_array",
    "JsonArrayQueryConstructor": "json_array",
    "JsonObjectAgg": "json_objectagg",
    "JsonArrayAgg": "json_arrayagg",
}
_SUBLINKS = {"EXISTS_SUBLINK": "exists", "ARRAY_SUBLINK": "array"}
_JSON = {
    "JSON_EXISTS_OP": "json_exists",
    "JSON_QUERY_OP": "json_query",
    "JSON_VALUE_OP": "json_value",
}
_XML = {"IS_XMLCONCAT": "xmlconcat", "IS_XMLELEMENT": "xmlelement", "IS_XMLFOREST": "xmlforest"}
_XML |= {"IS_XMLPARSE": "xmlparse", "IS_XMLPI": "xmlpi", "IS_XMLROOT": "xmlroot"}


class TooMuch(Exception):
    """The statement is too large to be looked at closely."""


def parts(node: Any, most: int) -> tuple[list[tuple[str, Any]], int]:
    """Return the ColumnRefs, calls, indirections and SELECTs in a node, and how much it held.

    What is inside of a SELECT is left to whoever knows its scope. Raises TooMuch beyond ``most``.
    """
    found: list[tuple[str, Any]] = []
    waiting: list[Any] = [node]
    seen = 0
    while waiting:
        item = waiting.pop()
        seen += 1
        if seen > most:
            raise TooMuch
        if isinstance(item, list):
            waiting.extend(item)
            continue
        for key, value in item.items():
            if isinstance(value, dict | list) and key not in _BARREN:
                if key in ("ColumnRef", "SelectStmt"):
                    found.append((key, value))
                    continue
                if key in ("FuncCall", "A_Indirection"):
                    found.append((key, value))
                waiting.append(value)
    return found, seen


def strings(nodes: Any) -> list[str]:
    """Return the strings of a list of String nodes; a star or a subscript becomes ""."""
    return [str(node.get("String", {}).get("sval", "")) for node in nodes]


def bare_name(node: Node) -> str:
    """Return the name when the node is a ColumnRef of one name, else ""."""
    names = node.get("ColumnRef", {}).get("fields", ())
    return strings(names)[0] if len(names) == 1 else ""


def result_name(node: Node) -> str:
    """Return how PostgreSQL names the column of an expression without AS."""
    return _figured(node)[0] or "?column?"


def _figured(node: Node) -> tuple[str, int]:
    """Return the name and how strongly it is meant: 2 beats a type's name, 1 doesn't."""
    kind = next(iter(node), "")
    fields: Node = node.get(kind, {})
    if kind in ("ColumnRef", "A_Indirection"):
        named = strings(fields["fields" if kind == "ColumnRef" else "indirection"])
        last = next((name for name in reversed(named) if name), "")
        return (last, 2) if last or kind == "ColumnRef" else _figured(fields["arg"])
    if rule := _FIGURED.get(kind):
        return rule(fields)
    return _figured_word(kind, fields), 2


def _figured_case(fields: Node) -> tuple[str, int]:
    name, strength = _figured(fields.get("defresult", {}))
    return (name, strength) if strength > 1 and name else ("case", 1)


def _figured_collated(fields: Node) -> tuple[str, int]:
    return _figured(fields["arg"])


def _figured_cast(fields: Node) -> tuple[str, int]:
    name, strength = _figured(fields["arg"])
    if strength > 1 and name:
        return name, strength
    return (strings(fields["typeName"].get("names", [])) or [""])[-1], 1


def _figured_sublink(fields: Node) -> tuple[str, int]:
    kind = fields.get("subLinkType", "")
    if kind != "EXPR_SUBLINK":
        return _SUBLINKS.get(kind, ""), 2
    inner = fields["subselect"]["SelectStmt"]
    while "larg" in inner:
        inner = inner["larg"].get("SelectStmt", inner["larg"])
    target = inner.get("targetList", [{}])[0].get("ResTarget", {})
    return target.get("name") or _figured(target.get("val", {}))[0], 2


_FIGURED: dict[str, Callable[[Node], tuple[str, int]]] = {
    "FuncCall": lambda fields: (strings(fields["funcname"])[-1], 2),
    "TypeCast": _figured_cast,
    "CollateClause": _figured_collated,
    "CaseExpr": _figured_case,
    "SubLink": _figured_sublink,
}


def _figured_word(kind: str, fields: Node) -> str:
    if kind == "A_Expr":
        return "nullif" if fields.get("kind") == "AEXPR_NULLIF" else ""
    op = str(fields.get("op", ""))
    if kind == "MinMaxExpr":
        return "greatest" if op == "IS_GREATEST" else "least"
    if kind == "SQLValueFunction":
        plain = op.removeprefix("SVFOP_").lower()
        return plain.removesuffix("_n")
    return _NAMES.get(kind) or _JSON.get(op) or _XML.get(op, "")
