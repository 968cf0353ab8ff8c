"""A SELECT with all that can be in it: WITH, set operations, clauses with rules of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fleetmcp.analytics.touched.expressions import Node, bare_name, result_name, strings
from fleetmcp.analytics.touched.scope import From, Scope
from fleetmcp.analytics.touched.sources import Around, Sources, Step

_CLAUSES = "targetList whereClause havingClause windowClause limitCount limitOffset".split()
# An arm with one of these is a SELECT of its own.
_OWN = frozenset({"withClause", "sortClause", "limitCount", "limitOffset"})


class Selects(Sources):
    """Notes what SELECTs read."""

    def select(self, fields: Node, around: Around, step: Step | None = None) -> list[str]:
        """Note what a SELECT reads and return the names of its columns.

        ``step`` is the recursive step of WITH that it is: told its names after the first arm.
        """
        self.spend(1)
        around = self._with(fields.get("withClause"), around)
        if fields.get("op", "SETOP_NONE") != "SETOP_NONE":
            return self._arms(fields, around, step)
        if "valuesLists" in fields:
            return self._values(fields, around)
        return self._plain(fields, around)

    def _with(self, clause: Node | None, around: Around) -> Around:
        if not clause:
            return around
        nodes = [node["CommonTableExpr"] for node in clause["ctes"]]
        self.spend(len(around.steps) + len(nodes) ** 2 // 8)
        recursive = clause.get("recursive", False)
        steps = dict(around.steps)
        if recursive:
            steps |= {node["ctename"]: Step([]) for node in nodes}
        for node in nodes:
            step = steps[node["ctename"]] if recursive else Step([])
            self._step(node, step, Around(steps, around.scope))
            steps = {**steps, node["ctename"]: step}
        return Around(steps, around.scope)

    def _step(self, node: Node, step: Step, around: Around) -> None:
        given = strings(node.get("aliascolnames", ()))
        step.names = given
        names = self.select(node["ctequery"]["SelectStmt"], around, step)
        step.names = [*given, *names[len(given) :], *_added(node)]

    def _arms(self, fields: Node, around: Around, step: Step | None) -> list[str]:
        first: list[str] | None = None
        for arm in _flat(fields):
            names = self.select(arm, around)
            if first is None:
                first = names
                if step is not None:
                    step.names = [*step.names, *names[len(step.names) :]]
        nowhere = Scope([], around.scope)
        for node in fields.get("sortClause", ()):
            if not bare_name(node["SortBy"]["node"]):
                self.expression(node, nowhere, around)
        for clause in ("limitCount", "limitOffset"):
            self.expression(fields.get(clause), nowhere, around)
        return first or []

    def _values(self, fields: Node, around: Around) -> list[str]:
        width = len(fields["valuesLists"][0]["List"].get("items", ()))
        for clause in ("valuesLists", "sortClause", "limitCount", "limitOffset"):
            self.expression(fields.get(clause), Scope([], around.scope), around)
        return [f"column{i + 1}" for i in range(width)]

    def _plain(self, fields: Node, around: Around) -> list[str]:
        sources = self.from_clause(fields.get("fromClause", []), around)
        scope = Scope([item for source in sources for item in source.items], around.scope)
        for clause in _CLAUSES:
            self.expression(fields.get(clause), scope, around)
        names = self._names(fields.get("targetList", ()), sources, scope)
        for node in fields.get("groupClause", ()):
            self._grouped(node, names, scope, around)
        sorts = [node["SortBy"]["node"] for node in fields.get("sortClause", ())]
        for node in filter(None, sorts + fields.get("distinctClause", [])):
            # A bare name means a column of the result, if there is such a one.
            if bare_name(node) not in names:
                self.expression(node, scope, around)
        return names

    def _grouped(self, node: Node, names: list[str], scope: Scope, around: Around) -> None:
        """Note what GROUP BY names: a bare name means a column of FROM before one of the result."""
        if "GroupingSet" in node:
            for inner in node["GroupingSet"].get("content", ()):
                self._grouped(inner, names, scope, around)
            return
        name = bare_name(node)
        if name not in names or scope.local(name):
            self.expression(node, scope, around)

    def _names(self, targets: Any, sources: list[From], scope: Scope) -> list[str]:
        found: list[str] = []
        for node in targets:
            target = node["ResTarget"]
            if "name" in target:
                found.append(target["name"])
                continue
            starred = _starred(target["val"])
            if starred is None:
                found.append(result_name(target["val"]))
            elif starred:
                item = scope.item(starred[-2:])
                found.extend(item.columns if item else ())
            else:
                found.extend(name for source in sources for name, _ in source.ordered())
            self.spend(1 + len(found) // 16)
        return found


def _starred(node: Node) -> list[str] | None:
    """Return what stands before the star, or None when there is no star."""
    fields = node.get("ColumnRef", {}).get("fields", ())
    return strings(fields[:-1]) if fields and "A_Star" in fields[-1] else None


def _added(node: Node) -> Iterator[str]:
    """Yield the columns that SEARCH and CYCLE add to a step."""
    search, cycle = node.get("search_clause", {}), node.get("cycle_clause", {})
    yield from filter(None, [search.get("search_seq_column")])
    yield from filter(None, [cycle.get("cycle_mark_column"), cycle.get("cycle_path_column")])


def _flat(fields: Node) -> Iterator[Node]:
    """Yield the arms of a set operation from left to right."""
    waiting = [fields["rarg"], fields["larg"]]
    while waiting:
        arm = waiting.pop()
        arm = arm.get("SelectStmt", arm)
        if arm.get("op", "SETOP_NONE") == "SETOP_NONE" or _OWN & arm.keys():
            yield arm
        else:
            waiting += [arm["rarg"], arm["larg"]]
