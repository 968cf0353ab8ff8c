"""The verb that hands out the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import User
from audit.events import record_event
from audit.export.evidence import evidence_file
from audit.export.formats import csv_file, jsonl_file
from audit.export.selection import Selection
from audit.models import EventKind


class Format(StrEnum):
    """What a file can be."""

    CSV = "csv"
    JSONL = "jsonl"
    EVIDENCE = "evidence"

    @property
    def extension(self) -> str:
        """The end of the file's name."""
        return "zip" if self is Format.EVIDENCE else self.value

    @property
    def content_type(self) -> str:
        """What the browser is told."""
        return {"csv": "text/csv; charset=utf-8", "zip": "application/zip"}.get(
            self.extension, "application/x-ndjson"
        )


@dataclass(frozen=True)
class Exporter:
    """Who exports: a person, or a command in the words of ``name``; and from where."""

    name: str
    user: User | None = None
    ip: str | None = None


def export(*, selection: Selection, wanted: Format, by: Exporter) -> Iterator[bytes]:
    """Record the export, then return the file in pieces.

    Raises django.db.Error when it can't be recorded, and then nothing is handed out.
    """
    record_event(
        EventKind.EXPORTED,
        f"Exported {len(selection):,} rows of the record as {wanted}",
        actor=by.user,
        actor_name=by.name,
        details={
            "format": wanted.value,
            "filter": selection.asked,
            "queries": len(selection.queries),
            "events": len(selection.events),
        },
        ip=by.ip,
    )
    if wanted is Format.EVIDENCE:
        return evidence_file(selection, by.name)
    return (csv_file if wanted is Format.CSV else jsonl_file)(selection)
