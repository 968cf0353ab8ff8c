"""FROM: relations, subqueries, functions and joins, as items with columns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fleetmcp.analytics.touched.expressions import Node, parts, result_name, strings
from fleetmcp.analytics.touched.naming import Naming
from fleetmcp.analytics.touched.scope import Columns, From, Item, Scope, plain, renamed


@dataclass(eq=False, slots=True)
class Step:
    """A step of WITH: the names of its columns, as far as they are known yet."""

    names: list[str]


@dataclass(frozen=True, slots=True)
class Around:
    """What a SELECT sees from outside: steps of WITH, and the scopes around it."""

    steps: dict[str, Step]
    scope: Scope | None = None


class Sources(Naming):
    """Makes the scope of a SELECT from its FROM."""

    @abstractmethod
    def select(self, fields: Node, around: Around, step: Step | None = None) -> list[str]:
        """Note what a SELECT reads and return the names of its columns."""

    def expression(self, node: Any, scope: Scope, around: Around) -> None:
        """Note what an expression reads, subqueries included."""
        if not node:
            return
        found, size = parts(node, self.left)
        self.spend(size)
        for kind, fields in found:
            if kind == "ColumnRef":
                self.column(fields, scope)
            elif kind == "FuncCall":
                self.call(fields)
            elif kind == "A_Indirection":
                self.indirection(fields)
            else:
                self.select(fields, Around(around.steps, scope))

    def from_clause(self, nodes: list[Node], around: Around) -> list[From]:
        """Return the parts of FROM."""
        found: list[From] = []
        left: list[Item] = []
        for node in nodes:
            found.append(self._part(node, left, around))
            left = left + found[-1].items
            self.spend(len(left))
        return found

    def _part(self, node: Node, left: list[Item], around: Around) -> From:
        """Return one part; ``left`` are the items before it, which only LATERAL sees."""
        (kind, fields), *_ = node.items()
        if kind == "JoinExpr":
            return self._join(fields, left, around)
        if kind == "RangeVar":
            return From([self._relation(fields, around)])
        if kind == "RangeTableSample":
            for part in ("args", "repeatable"):
                self.expression(fields.get(part), Scope(left, around.scope), around)
            return self._part(fields["relation"], left, around)
        if kind == "RangeSubselect":
            beside = Scope(left, around.scope) if fields.get("lateral") else around.scope
            inner = fields["subquery"]["SelectStmt"]
            return From([_named(fields, self.select(inner, Around(around.steps, beside)))])
        self.expression(fields, Scope(left, around.scope), around)
        names = self._returned(fields) if kind == "RangeFunction" else list(_declared(fields))
        return From([_named(fields, names)])

    def _relation(self, fields: Node, around: Around) -> Item:
        schema, name = fields.get("schemaname", ""), fields["relname"]
        alias, colnames = _alias(fields)
        step = None if schema else around.steps.get(name)
        if step is not None:
            return _named(fields, step.names, name)
        relation = self.relation(schema, name)
        columns = relation.columns
        if colnames:
            self.spend(len(columns))
            columns = renamed(list(columns.items()), colnames)
        return Item(alias or name, columns, relation, "" if alias else relation.key[0])

    def _returned(self, fields: Node) -> list[str]:
        """Return the columns of a function in FROM, as far as we know them."""
        alias, _ = _alias(fields)
        names = _defined(fields.get("coldeflist", ()))
        for listed in fields["functions"]:
            call, *defined = listed["List"]["items"]
            names += _defined(defined[0].get("List", {}).get("items", ()) if defined else ())
            known = self._outputs(call.get("FuncCall", {}))
            names += known or [alias or result_name(call)]
        return [*names, "ordinality"] if fields.get("ordinality") else names

    def _outputs(self, call: Node) -> list[str]:
        *schema, name = strings(call.get("funcname", ()))[-2:] or [""]
        places = schema or [s for s in self.facts.functions.get(name, ()) if s in self.path]
        return [column for place in places for column in self.facts.outputs.get((place, name), ())]

    def _join(self, fields: Node, left: list[Item], around: Around) -> From:
        one = self._part(fields["larg"], left, around)
        two = self._part(fields["rarg"], left + one.items, around)
        self.spend(len(left) + 2 * len(one.items))
        joined = From(one.items + two.items, (one, two), self._merged(fields, one, two))
        self.expression(fields.get("quals"), Scope(joined.items, around.scope), around)
        if using := fields.get("join_using_alias"):
            both = renamed([(n, s) for n, s in joined.ordered() if n in joined.merged], [])
            joined.items.append(Item(using["aliasname"], both, visible=False))
        alias, colnames = _alias(fields)
        return From([Item(alias, self._hidden(joined, colnames))]) if alias else joined

    def _hidden(self, joined: From, colnames: list[str]) -> Columns:
        """Return the columns of a join with an alias, behind which its tables hide."""
        self.spend(sum(len(item.columns) for item in joined.items))
        return renamed(joined.ordered(), colnames)

    def _merged(self, fields: Node, one: From, two: From) -> list[str]:
        """Return the columns that USING or NATURAL compares; they are read on both sides."""
        names = strings(fields.get("usingClause", ()))
        if fields.get("isNatural"):
            self.spend(2 * sum(len(item.columns) for item in one.items + two.items))
            common = one.names() & two.names()
            names = [name for name, _ in one.ordered() if name in common]
        for name in names:
            for side in (one, two):
                self.column({"fields": [{"String": {"sval": name}}]}, Scope(side.items))
        return names


def _alias(fields: Node) -> tuple[str, list[str]]:
    alias = fields.get("alias", {})
    return alias.get("aliasname", ""), strings(alias.get("colnames", ()))


def _named(fields: Node, names: list[str], otherwise: str = "") -> Item:
    """Return the item of a subquery or function, with the names that its alias gives."""
    alias, colnames = _alias(fields)
    return plain(alias or otherwise, [*colnames, *names[len(colnames) :]])


def _defined(nodes: Any) -> list[str]:
    return [node["ColumnDef"]["colname"] for node in nodes]


def _declared(fields: Node) -> Iterator[str]:
    """Yield the columns that XMLTABLE or JSON_TABLE declares, nested ones too."""
    for node in fields.get("columns", ()):
        column = next(iter(node.values()))
        if name := column.get("colname") or column.get("name"):
            yield name
        yield from _declared(column)
