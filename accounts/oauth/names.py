"""What clients call themselves: anybody may write anything there."""

from __future__ import annotations


def printable(name: str) -> str:
    """Return the name on one line, without what can't be seen or turns the rest around."""
    return " ".join("".join(filter(_is_shown, name)).split())


def _is_shown(character: str) -> bool:
    return character.isprintable() or character.isspace()
