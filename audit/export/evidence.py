"""Evidence: the rows as they are sealed, with the chain, in one ZIP that verifies by itself.

``queries.jsonl`` and ``events.jsonl`` hold each row in the form that is digested, by id.
``seals.jsonl`` holds every seal from the first one on; those of whose rows some are here come with
the digests of all their rows, and say which ones are here. ``manifest.json`` comes last, with the
SHA-256 of the other parts. scripts/verify_export needs nothing but this file.
"""

from __future__ import annotations

import json
from base64 import b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.utils import timezone

from audit.canonical import QUERY, SEAL_FIELDS, canonical, moment, seal_record, unpack
from audit.export.selection import Selection
from audit.models import Seal

VERSION = 1
_PIECE = 64 * 1024
_LEVEL = 3
_SEALS_AT_ONCE = 20


def evidence_file(selection: Selection, by: str) -> Iterator[bytes]:
    """Yield the ZIP, piece by piece; only the last one makes it a file that opens."""
    sink = _Sink()
    parts: dict[str, Any] = {}
    with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as zipped:
        for name, lines in _parts(selection):
            yield from _written(zipped, sink, name, lines, parts)
        manifest = json.dumps(_manifest(selection, by, parts), indent=1)
        zipped.writestr("manifest.json", manifest)
    yield sink.taken()


class _Sink:
    """Takes what the ZIP writes until somebody fetches it. It can't go back, so nothing waits."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, some: bytes) -> int:
        """Take them."""
        self._bytes += some
        return len(some)

    def flush(self) -> None:
        """There is nowhere to flush to."""

    def close(self) -> None:
        """There is nothing to close."""

    def taken(self) -> bytes:
        """Return what came since the last time."""
        some = bytes(self._bytes)
        self._bytes.clear()
        return some

    def __len__(self) -> int:
        return len(self._bytes)


def _parts(selection: Selection) -> list[tuple[str, Iterable[bytes]]]:
    return [
        ("queries.jsonl", map(canonical, selection.query_records())),
        ("events.jsonl", map(canonical, selection.event_records())),
        ("seals.jsonl", _seal_lines(selection)),
    ]


def _written(
    zipped: ZipFile, sink: _Sink, name: str, lines: Iterable[bytes], parts: dict[str, Any]
) -> Iterator[bytes]:
    digest, number = sha256(), 0
    with zipped.open(name, "w", force_zip64=True) as part:
        for line in lines:
            part.write(line + b"\n")
            digest.update(line + b"\n")
            number += 1
            if len(sink) >= _PIECE:
                yield sink.taken()
    parts[name] = {"lines": number, "sha256": digest.hexdigest()}


def _manifest(selection: Selection, by: str, parts: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": "fleetmcp evidence",
        "v": VERSION,
        "server": settings.MCP_SERVER_NAME,
        "made_at": moment(timezone.now()),
        "made_by": by,
        "asked_for": selection.asked,
        "queries": _extent(selection.queries),
        "events": _extent(selection.events),
        "parts": parts,
    }


def _extent(ids: Any) -> dict[str, int | None]:
    return {"rows": len(ids), "first": ids[0] if ids else None, "last": ids[-1] if ids else None}


def _seal_lines(selection: Selection) -> Iterator[bytes]:
    number = 0
    while True:
        rows = Seal.objects.filter(number__gt=number).order_by("number")
        few = list(rows.values(*SEAL_FIELDS, "digest", "leaves", "pruned_at")[:_SEALS_AT_ONCE])
        if not few:
            return
        yield from (_seal_line(selection, row) for row in few)
        number = few[-1]["number"]


def _seal_line(selection: Selection, row: dict[str, Any]) -> bytes:
    line: dict[str, Any] = {"record": seal_record(row), "digest": row["digest"]}
    if row["pruned_at"] is not None:
        line["pruned_at"] = moment(row["pruned_at"])
    here = _here(selection, row)
    if here and row["leaves"] is not None:
        leaves = bytes(row["leaves"])
        line["leaves"] = b64encode(leaves).decode()
        line["here"] = _bits(leaves, here)
    return canonical(line)


def _here(selection: Selection, row: dict[str, Any]) -> set[tuple[bool, int]]:
    """Return (is a query, id) of the selected rows in the seal's segment."""
    queries = _between(selection.queries, row["first_query"], row["last_query"])
    events = _between(selection.events, row["first_event"], row["last_event"])
    return {(True, one) for one in queries} | {(False, one) for one in events}


def _between(ids: Any, first: int, last: int) -> Iterable[int]:
    return ids[bisect_left(ids, first) : bisect_right(ids, last)] if first <= last else ()


def _bits(leaves: bytes, here: set[tuple[bool, int]]) -> str:
    """Return 1 for each row of the segment that is in the file, 0 for each that is not."""
    return "".join("01"[(one.letter == QUERY, one.id) in here] for one in unpack(leaves))
