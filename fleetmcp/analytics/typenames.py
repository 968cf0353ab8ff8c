"""What PostgreSQL calls the types of a result, and how each is shown as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

_PLAIN = "{0}::pg_catalog.text"
# Their cast to text isn't what PostgreSQL prints: it trims, adds a netmask, keeps a declaration.
# num_nulls, not IS NULL: that is true for a row of NULLs too.
_PRINTED = "CASE num_nulls({0}) WHEN 0 THEN pg_catalog.format('%s', {0}) END"
_CASTS_CHANGE = frozenset({"character", "inet", '"char"', "boolean", "xml"})
_BYTES_SHOWN = 32
_BYTES = (
    f"CASE WHEN pg_catalog.octet_length({{0}}) <= {_BYTES_SHOWN} THEN {{0}}::pg_catalog.text ELSE "
    f"pg_catalog.concat('\\x', pg_catalog.encode(pg_catalog.substring({{0}}, 1, {_BYTES_SHOWN}), "
    "'hex'), '… (', pg_catalog.octet_length({0}), ' bytes)') END"
)
_GEO = frozenset({"geometry", "geography"})
_WIDEST_FIXED = 64
# Object ids below this belong to initdb and never change their meaning.
_FIRST_USER_OID = 16_384


class TypeInfo(NamedTuple):
    """A type: its name, whether its values are short by nature, and how a value becomes text.

    ``shown`` is an SQL expression with ``{0}`` for the value; values that are short by nature are
    sent as they are. ``note`` says what the expression changes, or is "".
    """

    name: str
    fixed: bool
    shown: str = _PLAIN
    note: str = ""


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
    numbers = ", ".join(map(str, oids))
    rows = session.run(f"""
        SELECT t.oid, pg_catalog.format_type(t.oid, NULL), t.typlen, t.typname,
          CASE e.extname WHEN 'postgis' THEN pg_catalog.quote_ident(n.nspname) END
        FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
          AND d.objid = t.oid AND d.deptype = 'e'
        LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE t.oid IN ({numbers})""")  # noqa: S608  # numbers only
    return {
        int(oid): _info(name, int(length), plain, postgis)
        for oid, name, length, plain, postgis in rows
    }


def _info(name: str, length: int, plain: str, postgis: str | None) -> TypeInfo:
    if 0 < length <= _WIDEST_FIXED:
        return TypeInfo(name, fixed=True)
    if postgis and plain in _GEO:
        return TypeInfo(name, False, f"{postgis}.st_astext({{0}})", "is shown as WKT")
    if name in _CASTS_CHANGE:
        return TypeInfo(name, False, _PRINTED)
    if name == "bytea":
        note = f"is cut after {_BYTES_SHOWN} bytes, with the length behind it"
        return TypeInfo(name, False, _BYTES, note)
    return TypeInfo(name, False)
