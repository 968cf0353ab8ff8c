"""The one way to write a row of the record as bytes, and the digest of it.

A record is the row as a JSON object with every field of its list below; an export writes the same
object, so that it digests to the same leaf without this server. The lists are written down, not
taken from the models: a later column must not change what was sealed before. Whoever adds one to
the digest adds a format with a letter and a version of its own, and keeps the old one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from struct import Struct
from typing import Any, NamedTuple

Record = dict[str, Any]
Touched = tuple[str, str, str, str, bool]
"""kind, schema, name and column of an object, and whether the query named it itself."""

QUERY, EVENT, SEAL = "q", "e", "s"
VERSION = 1
# Version 2 adds by which connection somebody came, and is written only where there is one.
CONNECTED_VERSION = 2

QUERY_FIELDS = (
    "id started_at user_id token_id username tool arguments sql fingerprint limits outcome reason "
    "sqlstate rows bytes truncated duration_ms waited_ms database_ms client ip request_id rpc_id "
    "cancel_requested_at cancel_requested_by"
).split()
EVENT_FIELDS = "id at kind actor_id actor_name subject_id token_id summary details ip".split()
SEAL_FIELDS = (
    "number sealed_at first_query last_query first_event last_event queries events content previous"
).split()

_ENTRY = Struct(">cQ32s")
ENTRY_SIZE = _ENTRY.size


class Entry(NamedTuple):
    """One row in a seal's leaves: the letter of its format, its id, and its leaf."""

    letter: str
    id: int
    leaf: bytes


QUERY_COLUMNS = [*QUERY_FIELDS, "connection_id"]
EVENT_COLUMNS = [*EVENT_FIELDS, "connection_id"]


def query_record(row: Mapping[str, Any], touched: Iterable[Touched]) -> Record:
    """Return the record of a query; ``row`` holds at least QUERY_COLUMNS."""
    record = _record(QUERY, QUERY_FIELDS, row)
    record["touched"] = sorted(list(one) for one in touched)
    return record


def event_record(row: Mapping[str, Any]) -> Record:
    """Return the record of an event; ``row`` holds at least EVENT_COLUMNS."""
    return _record(EVENT, EVENT_FIELDS, row)


def seal_record(row: Mapping[str, Any]) -> Record:
    """Return the record of a seal; ``row`` holds at least SEAL_FIELDS."""
    return _record(SEAL, SEAL_FIELDS, row)


def canonical(record: Record) -> bytes:
    """Return the record as bytes: ASCII, keys sorted, no blanks, the same on every machine."""
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def leaf(record: Record) -> bytes:
    """Return the SHA-256 of the record, 32 bytes."""
    return sha256(canonical(record)).digest()


def entry(record: Record) -> Entry:
    """Return the entry of a query's or event's record."""
    return Entry(record["format"], record["id"], leaf(record))


def pack(entries: Iterable[Entry]) -> bytes:
    """Return the entries as a seal keeps them: letter, id and leaf, ENTRY_SIZE bytes each."""
    return b"".join(_ENTRY.pack(one.letter.encode(), one.id, one.leaf) for one in entries)


def unpack(leaves: bytes) -> Iterator[Entry]:
    """Return the entries in such bytes; raise ValueError if they are none."""
    if len(leaves) % ENTRY_SIZE:
        raise ValueError("not a whole number of entries")
    for letter, ident, digest in _ENTRY.iter_unpack(leaves):
        yield Entry(letter.decode("latin-1"), ident, digest)


def digest_of(leaves: bytes) -> str:
    """Return a seal's content, from its leaves."""
    return sha256(leaves).hexdigest()


def seal_digest(record: Record) -> str:
    """Return a seal's digest, from its record."""
    return leaf(record).hex()


def moment(value: datetime) -> str:
    """Return the moment in UTC with microseconds, as in 2026-11-22T10:00:00.000000Z."""
    # Not by strftime: that takes half as long as all the rest of a record.
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _record(letter: str, fields: list[str], row: Mapping[str, Any]) -> Record:
    record: Record = {"format": letter, "v": VERSION}
    for field in fields:
        value = row[field]
        record[field] = moment(value) if isinstance(value, datetime) else value
    if row.get("connection_id") is not None:
        record |= {"v": CONNECTED_VERSION, "connection_id": row["connection_id"]}
    return record
