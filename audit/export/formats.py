"""CSV and JSON Lines, as pieces of bytes; the last line of each says that the file is complete."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from io import StringIO
from typing import Any

from audit.canonical import EVENT_COLUMNS, QUERY_COLUMNS, canonical
from audit.export.selection import Selection

COMPLETE = "# complete"
# Spreadsheets of eastern Asia take the wide signs for the plain ones.
_FORMULA = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
# What no text file should hold, but for the line ends and tabs that SQL is full of.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_PIECE = 64 * 1024


def csv_file(selection: Selection) -> Iterator[bytes]:
    """Yield the queries, or the events if there are no queries, as CSV in UTF-8.

    A text that a spreadsheet would run as a formula begins with an apostrophe; control characters
    are spelled out as ``\\x07``. The last line is a comment with the number of rows and the
    SHA-256 of all lines before it; a file without it is not complete.
    """
    events = bool(selection.events) and not selection.queries
    fields = EVENT_COLUMNS if events else [*QUERY_COLUMNS, "touched"]
    records = selection.event_records() if events else selection.query_records()
    head = _csv_line(fields)
    lines = (_csv_line([cell(record.get(name)) for name in fields]) for record in records)
    return _closed(head, lines, _csv_end)


def jsonl_file(selection: Selection) -> Iterator[bytes]:
    """Yield each row as a JSON object on a line, exactly as it is sealed.

    The last line holds only ``complete``: the number of rows and the SHA-256 of all lines before.
    """
    return _closed(b"", (canonical(one) + b"\n" for one in selection.records()), _jsonl_end)


def cell(value: Any) -> str:
    """Return the value as a cell that every spreadsheet shows and none runs."""
    if isinstance(value, list):
        value = " ".join(".".join(filter(None, one[1:4])) for one in value)
    if not isinstance(value, str):
        return "" if value is None else str(value)
    text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", value)
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return text.lstrip(" \n").startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)


def _csv_line(cells: list[str]) -> bytes:
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _csv_end(rows: int, digest: str) -> bytes:
    return f"{COMPLETE}: {rows} rows; SHA-256 of the lines before: {digest}\r\n".encode()


def _jsonl_end(rows: int, digest: str) -> bytes:
    return json.dumps({"complete": {"rows": rows, "sha256": digest}}).encode() + b"\n"


def _closed(
    head: bytes, lines: Iterable[bytes], end: Callable[[int, str], bytes]
) -> Iterator[bytes]:
    """Yield pieces of a fair size, then the line that says that this is all."""
    digest, rows, piece = sha256(head), 0, bytearray(head)
    for line in lines:
        digest.update(line)
        piece += line
        rows += 1
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + end(rows, digest.hexdigest())
