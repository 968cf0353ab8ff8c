"""Log lines that nobody can forge: what continues a record never starts a line."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from fleetmcp import request_id

_FORMATTERS = {
    "plain": {
        "()": "fleetmcp.logs.IndentingFormatter",
        "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
    },
    "line": {"format": "%(asctime)s %(message)s"},
    "json": {"()": "fleetmcp.logs.JsonFormatter"},
}


def logging_config(level: str, *, as_json: bool) -> dict[str, Any]:
    """Return Django's LOGGING: the audit's lines on stdout, everything else on stderr."""
    plain, line = ("json", "json") if as_json else ("plain", "line")
    stream = {"class": "logging.StreamHandler"}
    stderr = stream | {"formatter": plain}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": _FORMATTERS,
        "filters": {"no_tracebacks": {"()": "fleetmcp.logs.NoTracebacks"}},
        "handlers": {
            "stderr": stderr,
            "brief": stderr | {"filters": ["no_tracebacks"]},
            "audit": stream | {"formatter": line, "stream": "ext://sys.stdout"},
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "fleetmcp": {"level": level},
            "fleetmcp.audit": {"handlers": ["audit"], "level": "INFO", "propagate": False},
            # Its warnings repeat request headers; the endpoint answers and records refusals itself.
            "mcp": {"level": "CRITICAL"},
            # A foreign Host is answered with 400; a traceback each would let anyone fill the log.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # So would a traceback for each page that somebody may not see.
            "django.request": {"level": "ERROR"},
            # Any other refusal of what anybody may send is one line.
            "django.security": {"handlers": ["brief"], "level": "WARNING", "propagate": False},
        },
    }


class IndentingFormatter(logging.Formatter):
    """Indents every line but the first, tracebacks included, and spells control characters out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text."""
        text = super().format(record)
        lines = text.replace("\r\n", "\n").split("\n")
        return "\n    ".join(map(_printable, lines))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, ASCII only; a record's ``fields`` become keys of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text."""
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        fields = getattr(record, "fields", None)
        said |= fields if isinstance(fields, dict) else {"message": record.getMessage()}
        if "request_id" not in said and request_id.current.get():
            said["request_id"] = request_id.current.get()
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str).replace("\x7f", "\\u007f")


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
