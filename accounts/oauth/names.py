"""What clients call themselves: anybody may write anything there."""

from __future__ import annotations

NAMELESS = "(a client without a name)"
MAX_SHOWN = 100


def printable(name: str) -> str:
    """Return the name on one line, without what can't be seen or turns the rest around."""
    return " ".join("".join(filter(_is_shown, name)).split())


def shown(name: str) -> str:
    """Return the name, fit for a page and a log."""
    return printable(name)[:MAX_SHOWN] or NAMELESS


def _is_shown(character: str) -> bool:
    return character.isprintable() or character.isspace()
