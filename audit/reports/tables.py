"""What the tables of the usage page are made of, and how their cells say numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.charts import bar
from audit.hidden import visible

_MOST_CHARACTERS = 100


@dataclass(frozen=True)
class Row:
    """A line of a table: what it is about, where it leads, and its cells."""

    name: str
    link: str
    cells: Sequence[str | SafeString] = ()

    @property
    def shown(self) -> SafeString:
        """The name, with what can't be seen in it as codes: analysts choose names and SQL."""
        return visible(self.name)


@dataclass(frozen=True)
class Table:
    """A table; ``heads`` holds "" above a bar. With ``code`` the names are SQL."""

    name: str
    label: str
    heads: Sequence[str]
    rows: Sequence[Row]
    note: str = ""
    code: bool = False


def counted(value: int, most: int, link: str) -> tuple[SafeString, str | SafeString]:
    """Return a bar and its number, which leads to its rows."""
    return bar(value, most), linked(value, link)


def linked(value: int, link: str) -> str | SafeString:
    """Return the number as a link to its rows, or 0 as it is."""
    return format_html('<a href="{}">{}</a>', link, f"{value:,}") if value else "0"


def shortened(sql: str) -> str:
    """Return the first line with something in it, and not too much of it."""
    line = next((line.strip() for line in sql.splitlines() if line.strip()), "")
    return line if len(line) <= _MOST_CHARACTERS else f"{line[: _MOST_CHARACTERS - 1]}…"


def seconds(ms: int) -> str:
    """Return milliseconds as people say them."""
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def duration(ms: int) -> str:
    """Return a long time in hours and minutes, or seconds."""
    if ms < 60_000:
        return seconds(ms)
    minutes = timedelta(milliseconds=ms) // timedelta(minutes=1)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
