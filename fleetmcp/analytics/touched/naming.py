"""Columns and functions as they are named in expressions: what each name reads."""

from __future__ import annotations

from typing import Any

from fleetmcp.analytics.touched.expressions import Node, TooMuch, strings
from fleetmcp.analytics.touched.facts import SYSTEM_COLUMNS, Facts, Relation, Touch
from fleetmcp.analytics.touched.scope import Item, Scope

# Steps; a usual statement takes a hundred. What takes more is told roughly.
MOST = 4_000
_BUILT_IN = ("pg_catalog", "information_schema")


class Naming:
    """What a statement was found to read so far, and the verbs that find more.

    ``everywhere`` takes an unqualified relation in every schema of the path: for bodies of
    functions, which run under paths of their callers.
    """

    def __init__(self, facts: Facts, path: tuple[str, ...], *, everywhere: bool = False) -> None:
        self.facts = facts
        self.path = path
        self.found: set[Touch] = set()
        self.left = MOST
        self._everywhere = everywhere

    def spend(self, steps: int) -> None:
        """Raise TooMuch when the statement costs more than it may."""
        self.left -= steps
        if self.left < 0:
            raise TooMuch

    def relation(self, schema: str, name: str) -> Relation:
        """Note the relation as read and return it."""
        first, *others = self.facts.named(schema, name, self.path)
        self.found.add(first.table)
        for other in others if self._everywhere else ():
            self.found.update((other.table, *other.whole))
        return first

    def function(self, schema: str, name: str) -> None:
        """Note a call. Unqualified, whichever of the path's schemas has the name counts."""
        if schema:
            if schema not in _BUILT_IN:
                self.found.add(Touch("function", schema, name))
            return
        for place in self.facts.functions.get(name, ()):
            if place in self.path:
                self.found.add(Touch("function", place, name))

    def call(self, fields: Node) -> None:
        """Note the function of a FuncCall."""
        *schema, name = strings(fields["funcname"])[-2:]
        self.function("".join(schema), name)

    def indirection(self, fields: Node) -> None:
        """Note what ``(x).name`` may call."""
        for name in filter(None, strings(fields["indirection"])):
            self.function("", name)

    def column(self, fields: Node, scope: Scope) -> None:
        """Note what a ColumnRef reads."""
        named: list[Any] = fields["fields"]
        names = strings(named)
        self.spend(sum(len(level.items) for level in scope.levels()) * len(names))
        if "A_Star" in named[-1]:
            where = names[:-1]
            items = [scope.item(where[-2:])] if where else scope.items
            for item in items:
                self.whole(item)
        elif len(names) == 1:
            self._bare(names[0], scope)
        else:
            self._qualified(names, scope)

    def whole(self, item: Item | None) -> None:
        """Note all columns of an item."""
        if item is None or not item.visible:
            return
        if item.relation is not None:
            self.found.update(item.relation.whole)
            return
        for sources in item.columns.values():
            self.found.update(sources)

    def _bare(self, name: str, scope: Scope) -> None:
        for level in scope.levels():
            if hits := level.local(name):
                for sources in hits:
                    self.found.update(sources)
                return
        relations = [i.relation for level in scope.levels() for i in level.items if i.relation]
        if name in SYSTEM_COLUMNS:
            self.found.update(relation.column(name) for relation in relations)
            return
        if item := scope.item([name]):
            self.whole(item)
        self.found.update(r.column(name) for r in relations if not r.known)

    def _qualified(self, names: list[str], scope: Scope) -> None:
        *where, name = names
        item = scope.item(where[-2:])
        if item is None:
            return
        sources = item.columns.get(name)
        if sources is not None:
            self.found.update(sources)
        elif item.relation and (name in SYSTEM_COLUMNS or not item.relation.known):
            self.found.add(item.relation.column(name))
        else:
            self.whole(item)
            self.function("", name)
