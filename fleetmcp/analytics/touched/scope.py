"""What a name can mean at one place of a statement: the items of FROM, level by level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fleetmcp.analytics.touched.facts import Relation, Sources

Columns = dict[str, Sources]
Ordered = list[tuple[str, Sources]]


@dataclass(eq=False, slots=True)
class Item:
    """One item of FROM. A column's sources are empty when whatever is behind it was told already.

    ``schema`` is that of a relation without an alias; ``visible`` says whether its columns can be
    named without it.
    """

    name: str
    columns: Columns
    relation: Relation | None = None
    schema: str = ""
    visible: bool = True

    def answers(self, where: list[str]) -> bool:
        """Say whether it is meant by ``name`` or ``schema.name``."""
        return where[-1] == self.name and (len(where) == 1 or where[-2] == self.schema)


@dataclass(eq=False, slots=True)
class Scope:
    """The items that names are looked up in, and what is around them."""

    items: list[Item]
    parent: Scope | None = None

    def levels(self) -> Iterator[Scope]:
        """Yield the levels, the nearest first."""
        level: Scope | None = self
        while level is not None:
            yield level
            level = level.parent

    def item(self, where: list[str]) -> Item | None:
        """Return the nearest item of that name."""
        for level in self.levels():
            for item in level.items:
                if item.answers(where):
                    return item
        return None

    def local(self, name: str) -> list[Sources]:
        """Return what the column's name means in this level alone; nothing when it is none."""
        return [i.columns[name] for i in self.items if i.visible and name in i.columns]


@dataclass(eq=False, slots=True)
class From:
    """A part of FROM: its items, and how a join merged their columns."""

    items: list[Item]
    sides: tuple[From, From] | None = None
    merged: list[str] = field(default_factory=list)

    def ordered(self) -> Ordered:
        """Return the columns as ``*`` shows them: merged ones first, then left, then right."""
        if self.sides is None:
            return list(self.items[0].columns.items())
        both = [pair for side in self.sides for pair in side.ordered()]
        merged: Columns = dict.fromkeys(self.merged, ())
        for name, sources in both:
            if name in merged:
                merged[name] += sources
        return [*merged.items(), *(pair for pair in both if pair[0] not in merged)]

    def names(self) -> set[str]:
        """Return the names of its columns."""
        return {name for item in self.items if item.visible for name in item.columns}


def renamed(ordered: Ordered, names: list[str]) -> Columns:
    """Return the columns, the first of them under other names."""
    found: Columns = {}
    new = [*names, *(name for name, _ in ordered[len(names) :])]
    sources: Iterable[Sources] = [*(s for _, s in ordered), *([()] * len(names))]
    for name, one in zip(new, sources, strict=False):
        found[name] = found.get(name, ()) + one
    return found


def plain(name: str, names: Iterable[str]) -> Item:
    """Return an item whose columns read nothing by themselves."""
    return Item(name, dict.fromkeys(names, ()))
