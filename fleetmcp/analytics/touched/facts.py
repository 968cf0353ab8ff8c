"""What the catalog says of relations and functions, as much as naming the read objects needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

Key = tuple[str, str]
"""Schema and name."""

SYSTEM_COLUMNS = frozenset("ctid xmin cmin xmax cmax tableoid".split())


class Touch(NamedTuple):
    """An object that was read; ``direct`` is False when a view, function or partition stands
    between. ``column`` is "" but for columns.
    """

    kind: str
    schema: str
    name: str
    column: str = ""
    direct: bool = True


Sources = tuple[Touch, ...]


class Relation:
    """A table or view with its columns in order; ``known`` is False for one we have no facts of."""

    def __init__(self, key: Key, names: tuple[str, ...] = (), *, known: bool = True) -> None:
        self.key = key
        self.names = names
        self.known = known
        self.table = Touch("table", *key)

    @cached_property
    def columns(self) -> dict[str, Sources]:
        """Return name -> what a reference to that column reads."""
        return {name: (self.column(name),) for name in self.names}

    @cached_property
    def whole(self) -> Sources:
        """Return all of its columns."""
        return tuple(touch for sources in self.columns.values() for touch in sources)

    def column(self, name: str) -> Touch:
        """Return one of its columns, of those that ``*`` doesn't show too."""
        return Touch("column", *self.key, name)


@dataclass(frozen=True, eq=False)
class Facts:
    """The catalog at one moment.

    ``functions`` maps a name to the schemas that have such a function (PostgreSQL's own aside);
    ``outputs`` the columns of what a function returns; ``views`` and ``bodies`` what the rule of a
    view and the text of a function read at first hand; ``parents`` a partition to its table;
    ``derived`` a generated column to the columns that it is made of.
    """

    relations: Mapping[Key, Relation]
    functions: Mapping[str, tuple[str, ...]]
    outputs: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    views: Mapping[Key, Collection[Touch]] = field(default_factory=dict)
    bodies: Mapping[Key, Collection[Touch]] = field(default_factory=dict)
    parents: Mapping[Key, Collection[Key]] = field(default_factory=dict)
    derived: Mapping[Touch, Collection[Touch]] = field(default_factory=dict)
    _behind: dict[Touch, frozenset[Touch]] = field(default_factory=dict)

    def named(self, schema: str, name: str, path: tuple[str, ...]) -> list[Relation]:
        """Return the relations that the name can mean, the one that PostgreSQL takes first."""
        places = (schema,) if schema else path
        found = [self.relations[key] for s in places if (key := (s, name)) in self.relations]
        return found or [Relation((schema, name), known=False)]

    def behind(self, direct: Collection[Touch]) -> set[Touch]:
        """Return what is read through these objects, however far, marked as not direct."""
        found: set[Touch] = set()
        for touch in direct:
            found |= self._all_behind(touch)
        return found.difference(touch._replace(direct=False) for touch in direct)

    def _all_behind(self, touch: Touch) -> frozenset[Touch]:
        if (kept := self._behind.get(touch)) is not None:
            return kept
        found: set[Touch] = set()
        waiting = [touch]
        while waiting:
            new = set(self._next(waiting.pop())) - found
            found |= new
            waiting.extend(new)
        self._behind[touch] = frozenset(one._replace(direct=False) for one in found)
        return self._behind[touch]

    def _next(self, touch: Touch) -> Iterator[Touch]:
        """Yield what stands right behind an object."""
        key = (touch.schema, touch.name)
        if touch.kind == "function":
            yield from self.bodies.get(key, ())
            return
        for parent in self.parents.get(key, ()):
            yield Touch(touch.kind, *parent, touch.column)
        if touch.kind == "table":
            yield from self.views.get(key, ())
        else:
            yield from self.derived.get(Touch("column", *key, touch.column), ())


NOTHING_KNOWN = Facts({}, {})
