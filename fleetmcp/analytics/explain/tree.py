"""The plan as short lines: chunks folded, conditions shortened, the expensive steps named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from fleetmcp.analytics.explain.nodes import Node
from fleetmcp.analytics.explain.relations import Relations

MAX_LINES = 40
MAX_EXPENSIVE = 3
EXPENSIVE_SHARE = 0.1
CONDITION_CHARACTERS = 120
_HIDDEN = "a table behind a view"

Signature = tuple[object, ...]


def folded(node: Node, relations: Relations) -> Node:
    """Return the plan with alike children of an Append (chunks, partitions) as one node."""
    relations.learn(node.alias, node.relation)
    known = relations.get(node.relation) if node.relation else None
    children = [folded(child, relations) for child in node.children]
    if known and node.children and not node.appends:
        # A decompressing scan: what it reads below is TimescaleDB's own storage.
        children = [child for child in children if not _storage(child, relations)]
    if not node.appends:
        return replace(node, children=children)
    groups: dict[Signature, list[Node]] = {}
    for child in children:
        groups.setdefault(_signature(child, relations), []).append(child)
    merged = [_merged(group) for group in groups.values()]
    if len(merged) == 1 and merged[0].times > 1:
        only = merged[0]
        return replace(
            only, rows=node.rows, cost=node.cost, share=only.share + node.share, part=node.part
        )
    return replace(node, children=merged)


def _storage(node: Node, relations: Relations) -> bool:
    return any(below.relation and not relations.get(below.relation) for below in node.walk())


def _signature(node: Node, relations: Relations) -> Signature:
    """Return what alike nodes have in common; a node that reads no chunk is like no other."""
    below = tuple(_signature(child, relations) for child in node.children)
    table = relations.get(node.relation)
    if table and relations.is_part(node.relation):
        return (node.kind, table.name, query_alias(node), bool(node.index), below)
    alone = node.relation or not (below or node.index)
    return (node.kind, id(node) if alone else "", below)


def query_alias(node: Node) -> str:
    """Return what the chunks of one table of the FROM clause have in common in their aliases."""
    if node.alias.startswith(node.relation):
        return node.alias.removeprefix(node.relation)
    return re.sub(r"_\d+$", "", node.alias)


def _merged(group: list[Node]) -> Node:
    first = group[0]
    below = zip(*(node.children for node in group), strict=True)
    return replace(
        first,
        rows=sum(node.rows for node in group),
        cost=sum(node.cost for node in group),
        share=sum(node.share for node in group),
        times=sum(node.times for node in group),
        children=[_merged(list(alike)) for alike in below],
    )


def text_tree(root: Node, relations: Relations) -> str:
    """Return the plan as indented lines, at most MAX_LINES."""
    lines = list(_lines(root, relations, 0))
    if len(lines) > MAX_LINES:
        more = len(lines) - MAX_LINES + 1
        lines = [*lines[: MAX_LINES - 1], f"… and {more} more lines"]
    return "\n".join(lines)


def _lines(node: Node, relations: Relations, depth: int, hidden: bool = False) -> Iterator[str]:
    """Yield a line for each node; below a hidden table, conditions are hidden too."""
    hidden = hidden or bool(node.relation and relations.get(node.relation) is None)
    line = f"{'  ' * min(depth, 20)}{label(node, relations)}  rows {node.rows:,.0f}"
    yield f"{line}  cost {node.cost:,.0f}{'' if hidden else _conditions(node, relations)}"
    for child in node.children:
        yield from _lines(child, relations, depth + 1, hidden)


def label(node: Node, relations: Relations) -> str:
    """Return what a node does, and to which table."""
    name = f"{node.subplan}: {node.kind}" if node.subplan else node.kind
    if not node.relation:
        return name
    table = relations.get(node.relation)
    if table is None:
        return f"{name} on {_HIDDEN}"
    parts = f", {node.times} of {table.parts} {table.part_word}"
    index = f" by index {node.index}" if node.index and not relations.is_part(node.relation) else ""
    return f"{name} on {table.name}{parts if relations.is_part(node.relation) else index}"


def _conditions(node: Node, relations: Relations) -> str:
    keys = filter(None, map(relations.told, node.keys))
    by = f"by {', '.join(keys)}" if node.keys else ""
    said = "; ".join(filter(None, [*map(relations.told, node.conditions), by]))
    if len(said) > CONDITION_CHARACTERS:
        said = said[:CONDITION_CHARACTERS] + "…"
    return f"  [{said}]" if said else ""


def expensive(root: Node, relations: Relations) -> list[str]:
    """Return the steps that cost most, each with its share."""
    nodes = sorted(root.walk(), key=lambda node: -node.share)[:MAX_EXPENSIVE]
    return [
        f"{node.share:.0%} {label(node, relations)}"
        for node in nodes
        if node.share >= EXPENSIVE_SHARE
    ]
