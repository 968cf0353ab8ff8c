"""The guard's table, read from ``table/``; a found bypass becomes a row there before its fix.

``accepted/*.sql`` must be accepted and run; ``refused/<code>.sql`` must not reach the database.
A line is a statement. ``--- words [tags]`` opens a group: a tag is an extension or ``since 16``;
what lacks one of them on a server does not run there. ``\\u`` or ``\\n`` at a line's start means
that the line is written with Python's escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fleetmcp.analytics.errors import Code

_TABLE = Path(__file__).parent / "table"
_GROUP = re.compile(r"--- (?P<words>[^\[]+?)(?: \[(?P<tags>.+)\])?")


@dataclass(frozen=True)
class Case:
    """One row: the statement, its group, what it needs of a server, and its code if refused."""

    sql: str
    group: str
    needs: frozenset[str] = frozenset()
    since: int = 0
    code: Code | None = None

    def __str__(self) -> str:
        return self.sql

    def applies(self, major: int, extensions: frozenset[str]) -> bool:
        """Say whether the server has what the statement needs."""
        return major >= self.since and self.needs <= extensions


def _read(file: Path, code: Code | None) -> Iterator[Case]:
    group, needs, since = "", frozenset[str](), 0
    for line in file.read_text(encoding="utf-8").splitlines():
        if opened := _GROUP.fullmatch(line):
            tags = opened["tags"] or ""
            version = re.search(r"since (\d+)", tags)
            group, since = f"{file.stem}: {opened['words']}", int(version[1]) if version else 0
            needs = frozenset(re.sub(r"since \d+", "", tags).split())
        elif line:
            escaped = line.startswith((r"\u", r"\n"))
            sql = line.encode("latin-1").decode("unicode_escape") if escaped else line
            yield Case(sql, group, needs, since, code)


ACCEPTED_CASES = [
    case for file in sorted(_TABLE.glob("accepted/*.sql")) for case in _read(file, None)
]
REFUSED_CASES = [
    case for file in sorted(_TABLE.glob("refused/*.sql")) for case in _read(file, Code(file.stem))
]
# The same as text, a statement a line, for those who want words to play with.
ACCEPTED = "\n".join(case.sql for case in ACCEPTED_CASES)
REFUSED = {
    code: "\n".join(case.sql for case in REFUSED_CASES if case.code is code)
    for code in Code
    if any(case.code is code for case in REFUSED_CASES)
}
