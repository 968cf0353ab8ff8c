"""How texts, times and numbers of the record are shown: whole, escaped, and nothing hidden."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime

import sqlparse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers.data import JsonLexer
from pygments.lexers.sql import SqlLexer

# Beyond these, laying out and colouring take longer than a page may: the text stays as it is.
LAID_OUT = 6_000
COLOURED = 20_000
_DEEP = re.compile(r"[(\[,]")
_MOST_DEEP = 300
# What a page shows of one text; each run of a hidden character is some markup.
MOST_SHOWN = 100_000
_MOST_MARKS = 10_000

# Every control and format character but line ends and tabs: they could hide or turn around text.
_HIDDEN = re.compile(
    "([\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff])\\1*"
)


def visible(text: str) -> SafeString:
    """Return the text's beginning escaped; a run of what can't be seen is a marked code."""
    return _marked(escape(_beginning(text)))


def is_cut(*texts: str) -> bool:
    """Say whether a page shows less than the whole of one of these."""
    return any(len(_beginning(text)) < len(text) for text in texts)


def _beginning(text: str) -> str:
    """Return what comes to MOST_SHOWN characters, where a run of hidden ones counts as one."""
    room, at = MOST_SHOWN, 0
    for number, run in enumerate(_HIDDEN.finditer(text)):
        plain = run.start() - at
        if plain >= room or number == _MOST_MARKS:
            return text[: at + min(plain, room)]
        room, at = room - plain - 1, run.end()
    return text[: at + room]


def _marked(html: str) -> SafeString:
    # The pattern finds none of the characters that markup is made of.
    return mark_safe(_HIDDEN.sub(_mark, html))  # noqa: S308  # escaped before


def _mark(found: re.Match[str]) -> str:
    name, times = unicodedata.name(found[1], "control character").lower(), len(found[0])
    code = f"U+{ord(found[1]):04X}" + (f" ×{times:,}" if times > 1 else "")
    return f'<span class="hidden-character" title="{name}">{code}</span>'


def hides(text: str) -> bool:
    """Say whether the text holds characters that can't be seen."""
    return _HIDDEN.search(text) is not None


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
    return _marked(highlight(text, lexer, HtmlFormatter(nowrap=True)))


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
