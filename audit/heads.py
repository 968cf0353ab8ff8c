"""Reads seals that somebody kept elsewhere: out of the server's log, or as they noted them.

A log holds text that analysts chose. Only a whole line counts that our logger alone prints.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

Heads = dict[int, set[str]]

_NOTED = re.compile(
    r"(?:\bseal=(?P<number>\d{1,18}) digest=|(?:^|\s)(?P<short>\d{1,18}):)"
    r"(?P<digest>[0-9a-f]{16,64})\b"
)
# Before it stands the time, and what a shipper of logs puts before that: no quote, no slash, no
# bracket but for a process id. Lines of other loggers name a level; theirs may hold any text.
_LINE = re.compile(
    r"(?!.*\b(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b)(?:[\w .,:|+\-\[\]]{0,160}\s)?"
    r"seal=(?P<number>\d{1,18}) digest=(?P<digest>[0-9a-f]{64}) previous=[0-9a-f]{64}"
    r" queries=\d+-\d+ events=\d+-\d+"
)
_WHOLE = re.compile(r"(?P<number>\d{1,18}):(?P<digest>[0-9a-f]{16,64})")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LOGGER = "fleetmcp.audit"


def noted_heads(text: str) -> Heads:
    """Return number -> digests in what somebody wrote: 12:abcdef…, or a line of the log."""
    heads: Heads = {}
    for found in _NOTED.finditer(text):
        number = int(found["number"] or found["short"])
        heads.setdefault(number, set()).add(found["digest"])
    return heads


def logged_heads(lines: Iterable[str]) -> Heads:
    """Return number -> digests of the lines that are a seal as a whole, in text or in JSON."""
    heads: Heads = {}
    for line in lines:
        head = _of_line(line.rstrip("\r\n"))
        if head:
            heads.setdefault(head[0], set()).add(head[1])
    return heads


def _of_line(line: str) -> tuple[int, str] | None:
    found = _LINE.fullmatch(line) or _WHOLE.fullmatch(line)
    if found:
        return int(found["number"]), found["digest"]
    return _of_json(line) if line.startswith("{") and '"seal"' in line else None


def _of_json(line: str) -> tuple[int, str] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    number, digest = said.get("seal"), said.get("digest")
    ours = said.get("logger") == _LOGGER and type(number) is int and isinstance(digest, str)
    return (number, digest) if ours and _DIGEST.fullmatch(digest) else None
