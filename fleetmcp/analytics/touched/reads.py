"""From a judged statement to everything that it reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fleetmcp.analytics.touched.expressions import Node, TooMuch, strings
from fleetmcp.analytics.touched.facts import Facts, Key, Touch
from fleetmcp.analytics.touched.naming import Naming
from fleetmcp.analytics.touched.selects import Selects
from fleetmcp.analytics.touched.sources import Around

_BRANCHES = (dict, list)
_NAMING = frozenset({"RangeVar", "FuncCall", "A_Indirection"})
_BARREN = frozenset({"A_Const", "String", "A_Star", "funcname", "typeName", "TypeName"})


def touched(tree: Node, facts: Facts, path: tuple[str, ...]) -> tuple[Touch, ...]:
    """Return what the statement of the tree reads, itself and through views and functions.

    ``path`` is the search path. What is too large to be looked at closely counts as reading every
    column of the tables that it names.
    """
    direct = directly(tree, facts, path)
    return (*direct, *facts.behind(direct))


def directly(
    tree: Node, facts: Facts, path: tuple[str, ...], *, everywhere: bool = False
) -> frozenset[Touch]:
    """Return what the statement itself reads; ``everywhere`` as Naming says."""
    try:
        return closely(tree, facts, path, everywhere=everywhere)
    except (TooMuch, RecursionError):
        return roughly(tree, facts, path)


def closely(
    tree: Node, facts: Facts, path: tuple[str, ...], *, everywhere: bool = False
) -> frozenset[Touch]:
    """Return what the statement itself reads, name by name. Raises TooMuch, RecursionError."""
    selects = Selects(facts, path, everywhere=everywhere)
    selects.select(tree["SelectStmt"], Around({}))
    return frozenset(selects.found)


def tables_only(touches: Iterable[Touch]) -> tuple[Touch, ...]:
    """Return the tables and views of them."""
    return tuple(touch for touch in touches if touch.kind == "table")


def roughly(tree: Node, facts: Facts, path: tuple[str, ...]) -> frozenset[Touch]:
    """Return every column of the relations that the tree names anywhere, and what it may call."""
    rough = Naming(facts, path)
    named = _Named()
    named.look_through(tree)
    for schema, name in named.relations:
        for relation in facts.named(schema, name, path):
            if schema or relation.known:  # an unknown name without schema is a step of WITH
                rough.found.update((relation.table, *relation.whole))
    for schema, name in named.functions:
        rough.function(schema, name)
    return frozenset(rough.found)


class _Named:
    """The relations and functions that a tree names anywhere, in one quick walk."""

    def __init__(self) -> None:
        self.relations: set[Key] = set()
        self.functions: set[Key] = set()

    def look_through(self, tree: Node) -> None:
        """Note every name in the tree."""
        waiting: list[Any] = [tree]
        while waiting:
            item = waiting.pop()
            if type(item) is list:
                waiting.extend(item)
                continue
            for key, value in item.items():
                if type(value) not in _BRANCHES or key in _BARREN:
                    continue
                if key == "ColumnRef":
                    if len(value["fields"]) > 1:
                        self.functions.update(("", name) for name in strings(value["fields"][1:]))
                    continue
                if key in _NAMING:
                    self._note(key, value)
                waiting.append(value)

    def _note(self, kind: str, fields: Node) -> None:
        if kind == "RangeVar":
            self.relations.add((fields.get("schemaname", ""), fields["relname"]))
        elif kind == "FuncCall":
            *schema, name = strings(fields["funcname"])[-2:]
            self.functions.add(("".join(schema), name))
        else:
            self.functions.update(("", name) for name in strings(fields["indirection"]))
