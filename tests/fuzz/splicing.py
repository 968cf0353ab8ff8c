"""New statements from those of the guard's table: parts of one put into another.

Where a part starts is the parse tree's word; where it ends is found by asking the parser which
piece of text, standing alone, is still such a part.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import pgparse

_TOKEN = re.compile(
    rb"\s+|--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\w+|::|[^\w\s]", re.DOTALL
)
_MOST_ENDS = 40
# How a part of that kind looks when it stands alone.
ALONE = {"expression": b"SELECT (%s)", "source": b"SELECT 1 FROM %s"}
_SOURCES = frozenset({"RangeVar", "RangeSubselect", "RangeFunction", "RangeTableSample"})
_EXPRESSIONS = frozenset(
    "A_Const A_Expr ColumnRef FuncCall TypeCast SubLink CaseExpr CoalesceExpr BoolExpr RowExpr "
    "A_ArrayExpr MinMaxExpr NullTest XmlExpr JsonFuncExpr SQLValueFunction".split()
)
_WHITE = (" ", "\n", "\t", "\f", "\v", " /* ; */ ", " -- x\n", "/*/**/*/", "\r\n")


def parsed(text: bytes) -> list[dict[str, Any]]:
    """Return the statements of the text, none if it can't be parsed."""
    try:
        return list(pgparse.parse(text.decode("utf-8")))
    except (pgparse.PGQueryError, RecursionError, UnicodeDecodeError, ValueError):
        return []


def places(node: Any) -> Iterator[tuple[str, int]]:
    """Yield (kind, byte) of each part of a tree that can be cut out."""
    if isinstance(node, list):
        for item in node:
            yield from places(item)
    elif isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, dict) and "location" in value:
                if name in _SOURCES:
                    yield "source", value["location"]
                elif name in _EXPRESSIONS:
                    yield "expression", value["location"]
            yield from places(value)


def cut(text: bytes, source: random.Random) -> tuple[str, int, int] | None:
    """Return (kind, start, end) of a part of the text, if one is found."""
    found = [(kind, at) for kind, at in places(parsed(text)) if 0 <= at < len(text)]
    if not found:
        return None
    kind, start = source.choice(found)
    ends = []
    for token in list(_TOKEN.finditer(text, start))[:_MOST_ENDS]:
        if not token[0].isspace() and parsed(ALONE[kind] % text[start : token.end()]):
            ends.append(token.end())
    return (kind, start, source.choice(ends)) if ends else None


def spliced(one: str, two: str, source: random.Random) -> str:
    """Return the first statement with a part of the second in it."""
    target, donor = one.encode(), two.encode()
    hole, part = cut(target, source), cut(donor, source)
    if not hole:
        return one
    inside = donor[part[1] : part[2]] if part and part[0] == hole[0] else b""
    if not inside:
        whole = donor.rstrip(b"; \n")
        alias = b"" if hole[0] == "expression" else b" AS s%d" % source.randint(0, 99)
        inside = b"(%s)%s" % (whole, alias)
    elif hole[0] == "expression":
        inside = b"(%s)" % inside
    return (target[: hole[1]] + inside + target[hole[2] :]).decode("utf-8", "replace")


def respelled(text: str, keywords: list[str], source: random.Random) -> str:
    """Return the text spelled another way, or with a word changed."""
    pieces = re.split(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\w+|\s+)", text)
    at = source.randrange(len(pieces))
    word = pieces[at]
    if word.isspace():
        pieces[at] = source.choice(_WHITE)
    elif word.isidentifier():
        escaped = 'U&"' + "".join(f"\\{ord(c):04x}" for c in word.lower() if ord(c) < 65536) + '"'
        pieces[at] = source.choice([
            word.upper(), f'"{word}"', escaped, source.choice(keywords), f"pg_catalog.{word}",
            f"{word}/**/", f"({word})", f"{word}\u00a0", f"{word}.{word}", "",
        ])  # fmt: skip
    elif word.startswith("'"):
        inner = word[1:-1]
        pieces[at] = source.choice([f"$x${inner}$x$", f"E'{inner}'", f"U&'{inner}'", f"B'{inner}'"])
    else:
        pieces[at] = source.choice([word, word * 2, "", ";", ")", "(", ",", "::", ".", "*", "$1"])
    return "".join(pieces)
