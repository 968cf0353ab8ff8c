"""A plan as PostgreSQL's JSON gives it, and where its cost is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_CONDITIONS = (
    "Index Cond",
    "Recheck Cond",
    "TID Cond",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Vectorized Filter",
    "Filter",
    "One-Time Filter",
    "Cache Key",
)
_KEYS = ("Sort Key", "Group Key")
_AGGREGATES = {"Hashed": "HashAggregate", "Sorted": "GroupAggregate", "Mixed": "MixedAggregate"}
_APPENDS = frozenset({"Append", "Merge Append", "ChunkAppend", "ConstraintAwareAppend"})


@dataclass
class Node:
    """One step of a plan. ``share`` is its own part of the whole cost, without its children's.

    ``times`` counts the chunks or partitions that stand folded in it.
    """

    kind: str
    rows: float
    cost: float
    width: int
    relation: str = ""
    alias: str = ""
    index: str = ""
    conditions: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    part: str = ""
    subplan: str = ""
    children: list[Node] = field(default_factory=list)
    share: float = 0.0
    times: int = 1

    @property
    def appends(self) -> bool:
        """Say whether it only puts its children's rows one after the other."""
        return self.kind.removeprefix("Parallel ") in _APPENDS

    def walk(self) -> Iterator[Node]:
        """Yield the node and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def from_json(raw: dict[str, Any]) -> Node:
    """Return the tree of nodes, each with its share of the cost."""
    root = _node(raw)
    _share(root, 1.0)
    return root


def _node(raw: dict[str, Any]) -> Node:
    return Node(
        kind=_kind(raw),
        rows=float(raw["Plan Rows"]),
        cost=float(raw["Total Cost"]),
        width=int(raw["Plan Width"]),
        relation=raw.get("Relation Name", ""),
        alias=raw.get("Alias", ""),
        index=raw.get("Index Name", ""),
        conditions=tuple(str(raw[key]) for key in _CONDITIONS if key in raw),
        keys=tuple(str(key) for name in _KEYS for key in raw.get(name, ())),
        part=raw.get("Parent Relationship", ""),
        subplan=raw.get("Subplan Name", ""),
        children=[_node(child) for child in raw.get("Plans", ())],
    )


def _kind(raw: dict[str, Any]) -> str:
    kind = str(raw["Node Type"])
    if kind == "Custom Scan":
        kind = str(raw.get("Custom Plan Provider", kind))
    if kind == "Aggregate":
        kind = _AGGREGATES.get(raw.get("Strategy", ""), kind)
        kind = f"{raw['Partial Mode']} {kind}" if raw.get("Partial Mode") != "Simple" else kind
    join = raw.get("Join Type", "Inner")
    if join != "Inner":
        kind = f"{kind.removesuffix(' Join')} {join} Join"
    return f"Parallel {kind}" if raw.get("Parallel Aware") else kind


def _share(node: Node, whole: float) -> None:
    """Divide what a node costs among itself and its children, repeated ones counted as repeated.

    A LIMIT or a semi-join stops its children early: then they share what it costs.
    """
    wanted = _wanted(node)
    total = max(node.cost, sum(wanted), 1e-9)
    for child, cost in zip(node.children, wanted, strict=True):
        _share(child, whole * cost / total)
    node.share = whole * (1 - sum(wanted) / total)


def _wanted(node: Node) -> list[float]:
    """Return what the children cost in all: what runs for each row takes the rest of the cost."""
    costs = [child.cost for child in node.children]
    left = max(0.0, node.cost - sum(costs))
    repeated = [
        index
        for index, child in enumerate(node.children)
        # What is materialized runs once; going through it again is the loop's own cost.
        if child.part == "SubPlan"
        or (child.part == "Inner" and "Nested Loop" in node.kind and child.kind != "Materialize")
    ]
    for index in repeated:
        loops = node.children[0].rows if node.children[index].part == "Inner" else float("inf")
        costs[index] += min(left / len(repeated), costs[index] * max(0.0, loops - 1))
    return costs
