"""What PostgreSQL calls the types of a result, asked once per process and type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

# Their cast to text is not what PostgreSQL prints: it trims, adds a netmask, keeps a declaration.
_CASTS_CHANGE = frozenset({"character", "inet", '"char"', "boolean", "xml"})
_WIDEST_FIXED = 64
# Object ids below this belong to initdb and never change their meaning.
_FIRST_USER_OID = 16_384


class TypeInfo(NamedTuple):
    """A type: its name, whether its values are short by nature, whether a cast changes them."""

    name: str
    fixed: bool
    casts_change: bool


class Runner(Protocol):
    """Whatever can run one statement and return its rows as text."""

    def run(self, sql: str) -> list[tuple[str, ...]]: ...


_known: dict[int, TypeInfo] = {}


def types_of(oids: Iterable[int], session: Runner) -> list[TypeInfo]:
    """Return the types in order. Unknown ones are asked from the server in one statement."""
    wanted = list(oids)
    found = {oid: _known[oid] for oid in wanted if oid in _known}
    missing = sorted({*wanted} - {*found})
    if missing:
        fresh = _ask(missing, session)
        _known.update({oid: info for oid, info in fresh.items() if oid < _FIRST_USER_OID})
        found |= fresh
    return [found[oid] for oid in wanted]


def _ask(oids: list[int], session: Runner) -> dict[int, TypeInfo]:
    rows = session.run(
        "SELECT oid, pg_catalog.format_type(oid, NULL), typlen FROM pg_catalog.pg_type "  # noqa: S608  # numbers only
        f"WHERE oid IN ({', '.join(map(str, oids))})"
    )
    return {int(oid): _info(name, int(length)) for oid, name, length in rows}


def _info(name: str, length: int) -> TypeInfo:
    return TypeInfo(name, 0 < length <= _WIDEST_FIXED, name in _CASTS_CHANGE)
