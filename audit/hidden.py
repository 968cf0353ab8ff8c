"""Texts of anybody's on pages: escaped, cut where they are long, and nothing in them hidden."""

from __future__ import annotations

import re
import unicodedata

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# What a page shows of one text; each run of a hidden character is some markup.
MOST_SHOWN = 100_000
_MOST_MARKS = 10_000

# Every control and format character but line ends and tabs: they could hide or turn around text.
_HIDDEN = re.compile(
    "([\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff])\\1*"
)


def visible(text: str) -> SafeString:
    """Return the text's beginning escaped; a run of what can't be seen is a marked code."""
    return marked(escape(_beginning(text)))


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


def marked(html: str) -> SafeString:
    """Return escaped text or markup of ours with the codes in it.

    The pattern finds none of the characters that markup is made of.
    """
    return mark_safe(_HIDDEN.sub(_mark, html))  # noqa: S308  # as the contract says


def _mark(found: re.Match[str]) -> str:
    name, times = unicodedata.name(found[1], "control character").lower(), len(found[0])
    code = f"U+{ord(found[1]):04X}" + (f" ×{times:,}" if times > 1 else "")
    return f'<span class="hidden-character" title="{name}">{code}</span>'


def hides(text: str) -> bool:
    """Say whether the text holds characters that can't be seen."""
    return _HIDDEN.search(text) is not None
