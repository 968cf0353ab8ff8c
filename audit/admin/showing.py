"""How texts, times and numbers of the record are shown: whole, escaped, and nothing hidden."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import sqlparse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers.data import JsonLexer
from pygments.lexers.sql import SqlLexer

from audit.hidden import MOST_SHOWN, hides, is_cut, marked, visible

__all__ = [
    "MOST_SHOWN",
    "block",
    "duration",
    "first_line",
    "hides",
    "is_cut",
    "json_html",
    "laid_out",
    "moment",
    "sql_html",
    "visible",
]

# Beyond these, laying out and colouring take longer than a page may: the text stays as it is.
LAID_OUT = 6_000
COLOURED = 20_000
_DEEP = re.compile(r"[(\[,]")
_MOST_DEEP = 300


def sql_html(sql: str) -> SafeString:
    """Return the SQL laid out and coloured where that is quick, else as it is."""
    return _coloured(laid_out(sql), SqlLexer())


def json_html(text: str) -> SafeString:
    """Return JSON indented and coloured, long JSON and any other text as it is."""
    try:
        pretty = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return visible(text)
    return _coloured(pretty, JsonLexer()) if len(pretty) <= COLOURED else visible(text)


def block(html: SafeString) -> SafeString:
    """Return what was made above as a block of its own."""
    return format_html('<pre class="sql" tabindex="0">{}</pre>', html)


def laid_out(sql: str) -> str:
    """Return the SQL with a line for each clause; long or deeply nested SQL as it is."""
    if len(sql) > LAID_OUT or len(_DEEP.findall(sql)) > _MOST_DEEP or hides(sql):
        return sql
    try:
        return str(sqlparse.format(sql, reindent=True, indent_width=2)) or sql
    except (sqlparse.exceptions.SQLParseError, RecursionError):
        return sql


def _coloured(text: str, lexer: SqlLexer | JsonLexer) -> SafeString:
    if len(text) > COLOURED:
        return visible(text)
    lexer.stripnl, lexer.ensurenl = False, False
    return marked(highlight(text, lexer, HtmlFormatter(nowrap=True)))


def moment(at: datetime | None) -> SafeString:
    """Return the moment in UTC, marked so that the browser can show it in the viewer's zone."""
    if at is None:
        return SafeString("–")
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}">{}</time>', f"{utc:%Y-%m-%dT%H:%M:%SZ}", f"{utc:%Y-%m-%d %H:%M:%S} UTC"
    )


def duration(milliseconds: int | None) -> str:
    """Return a duration for people."""
    if milliseconds is None:
        return "–"
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:,.1f} s"


def first_line(sql: str, most: int = 120) -> SafeString:
    """Return the beginning of the text as one line."""
    line = " ".join(sql[: 4 * most].split(None))
    return visible(line if len(line) <= most else line[:most] + "…")
