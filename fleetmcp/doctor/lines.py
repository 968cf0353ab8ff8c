"""What a check says: lines, each with a level and, when something is wrong, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is; only FAIL makes the doctor's exit code 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Line:
    """One sentence about one thing; ``todo`` is empty exactly when the level is OK."""

    level: Level
    text: str
    todo: str = ""


Check = Callable[[], Iterable[Line]]


def ok(text: str) -> Line:
    """Return a line about something that is as it should be."""
    return Line(Level.OK, text)


def warn(text: str, todo: str) -> Line:
    """Return a line about something that works, and should be better."""
    return Line(Level.WARN, text, todo)


def fail(text: str, todo: str) -> Line:
    """Return a line about something that is broken or unsafe."""
    return Line(Level.FAIL, text, todo)


def listed(names: Iterable[str], most: int = 8) -> str:
    """Return the names with commas, and how many more there are."""
    found = list(names)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
