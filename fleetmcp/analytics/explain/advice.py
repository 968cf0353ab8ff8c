"""What to change in a statement, each sentence from its plan and from what the catalog has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fleetmcp.analytics.explain.nodes import Node
from fleetmcp.analytics.explain.relations import Relation, Relations
from fleetmcp.analytics.explain.tree import query_alias

MAX_ADVICE = 6
BIG_ROWS = 10_000
MANY_PAIRS = 10_000_000
MANY_LOOPS = 1_000_000
CROSS_ROWS = 100_000


def advice(root: Node, relations: Relations, *, rows: int, work_mem: int) -> list[str]:
    """Return sentences to act on, the most useful first; none when there is nothing to say.

    ``rows`` is how many rows a reply may have, ``work_mem`` what a sort may hold, in bytes.
    """
    found = [
        *_reads(root, relations),
        *_joins(root, relations),
        *_sorts(root, work_mem),
        *_size(root, rows),
    ]
    return [*dict.fromkeys(found)][:MAX_ADVICE]


def _reads(root: Node, relations: Relations) -> Iterator[str]:
    """Go through the tables as the FROM clauses name them, each with all scans of its chunks."""
    scans: dict[tuple[Relation, str], list[Node]] = {}
    for node in root.walk():
        table = relations.get(node.relation)
        if table and not node.appends:
            scans.setdefault((table, query_alias(node)), []).append(node)
    for (table, _), same in scans.items():
        if table.rows >= BIG_ROWS:
            yield from _read(table, same, relations)


def _read(table: Relation, scans: list[Node], relations: Relations) -> Iterator[str]:
    said = " ".join(text for node in scans for text in node.conditions)
    parts = sum(node.times for node in scans if relations.is_part(node.relation))
    about = f"of {table.name} (about {table.rows:,} rows) would be read"
    if table.dimension and table.parts > 1:
        if parts >= table.parts:
            yield from _filter([table.dimension], said, f"all {parts} {table.part_word} {about}")
    elif table.time_index and any("Seq Scan" in node.kind for node in scans):
        yield from _filter(list(table.time_index), said, f"all {about}")


def _filter(columns: list[str], said: str, cost: str) -> Iterator[str]:
    """Yield what to write when the last column, a time, is not compared as it stands."""
    time = columns[-1]
    if _compared(time, said):
        return
    if re.search(rf"\b{re.escape(time)}\b", said):
        yield f"Compare {time} itself, as in {time} >= …, not an expression of it: {cost}."
        return
    missing = " and ".join(column for column in columns if not _compared(column, said))
    yield f"Filter on {missing}: {cost}."


def _compared(column: str, said: str) -> bool:
    """Say whether a condition compares the bare column, as PostgreSQL prints it."""
    name = rf'(?:"?[\w$]+"?\.)?"?{re.escape(column)}"?'
    compared = "<=|>=|=|<|>"
    return bool(re.search(rf"\({name} (?:{compared}) |(?:{compared}) {name}\)", said))


def _joins(root: Node, relations: Relations) -> Iterator[str]:
    for node in root.walk():
        if "Nested Loop" in node.kind and len(node.children) >= 2:
            outer, inner = node.children[:2]
            yield from _loop(node, outer, inner, relations)


def _loop(node: Node, outer: Node, inner: Node, relations: Relations) -> Iterator[str]:
    left, right = _tables(outer, relations), _tables(inner, relations)
    pairs = outer.rows * inner.rows
    if not left or not right:
        return
    if _depends(inner, outer):
        if outer.rows >= MANY_LOOPS:
            yield (
                f"{right} would be looked up once for each of about {outer.rows:,.0f} rows of "
                f"{left}: filter or aggregate {left} first."
            )
    elif not node.conditions and outer.rows > 1 and inner.rows > 1 and pairs >= CROSS_ROWS:
        yield (
            f"{left} and {right} are joined without a condition, about {pairs:,.0f} rows: "
            "add the columns that they share to ON or USING."
        )
    elif node.conditions and pairs >= MANY_PAIRS:
        yield (
            f"About {pairs:,.0f} pairs of rows of {left} and {right} would be compared one by "
            "one: join on equal columns, or filter one side first."
        )


def _tables(node: Node, relations: Relations) -> str:
    """Return the first table that is read below, or "" when there is none that has a name."""
    named = (relations.get(below.relation) for below in node.walk() if below.relation)
    return next((table.name for table in named if table), "")


def _depends(inner: Node, outer: Node) -> bool:
    """Say whether the inner side is looked up by values of the outer one."""
    aliases = {node.alias for node in outer.walk() if node.alias}
    said = " ".join(text for node in inner.walk() for text in node.conditions)
    called = any("Function Scan" in node.kind for node in inner.walk())
    return called or any(re.search(rf'\b{re.escape(alias)}"?\.', said) for alias in aliases)


def _sorts(root: Node, work_mem: int) -> Iterator[str]:
    limited = {id(child) for node in root.walk() if node.kind == "Limit" for child in node.children}
    for node in root.walk():
        size = node.rows * (node.width + 24)
        if node.kind == "Sort" and size > work_mem and id(node) not in limited:
            yield (
                f"Sorting about {node.rows:,.0f} rows ({size / 2**20:,.0f} MB) goes to disk, for "
                f"work_mem is {work_mem / 2**20:,.0f} MB: aggregate or filter before ORDER BY, or "
                "add LIMIT."
            )


def _size(root: Node, rows: int) -> Iterator[str]:
    if root.rows > rows:
        yield (
            f"About {root.rows:,.0f} rows would come back, and a reply has at most {rows:,}: "
            "aggregate with GROUP BY, or filter."
        )
