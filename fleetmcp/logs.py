"""Log lines that nobody can forge: what continues a record never starts a line."""

from __future__ import annotations

import logging


class IndentingFormatter(logging.Formatter):
    """Indents every line but the first, tracebacks included, and spells control characters out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text."""
        text = super().format(record)
        lines = text.replace("\r\n", "\n").split("\n")
        return "\n    ".join(map(_printable, lines))


def _printable(line: str) -> str:
    return "".join(
        char if char.isprintable() or char == "\t" else f"\\u{ord(char):04x}" for char in line
    )


class NoTracebacks(logging.Filter):
    """Leaves a record its sentence: with a traceback each, anybody could fill the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the traceback away and let the record through."""
        record.exc_info = record.exc_text = record.stack_info = None
        return True
