"""What the text of a function reads: SQL by its parse tree, PL/pgSQL by the queries in it.

A body names its tables under a search path that its caller may have narrowed, so an unqualified
name counts in every schema that has it. What EXECUTE puts together can't be seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fleetmcp.analytics.guard.parse import guard_executor, parsed_procedure, parsed_texts
from fleetmcp.analytics.touched.facts import Facts, Key, Touch
from fleetmcp.analytics.touched.reads import directly

Node = dict[str, Any]

# A statement of PL/pgSQL that is no SELECT: an assignment, or the expression of IF and RETURN.
_ASSIGNED = re.compile(r"\s*[\w.\"\[\]]+\s*:?=(?!=)")


@dataclass(frozen=True)
class Body:
    """The text of a function; PL/pgSQL as the CREATE FUNCTION that would make it.

    ``path`` is the search path that it sets for itself, or empty.
    """

    key: Key
    language: str
    text: str
    path: tuple[str, ...] = ()


def reads_of(
    bodies: Iterable[Body], facts: Facts, path: tuple[str, ...]
) -> dict[Key, frozenset[Touch]]:
    """Return what each function reads at first hand. Waits for the guard's thread."""
    return guard_executor().submit(_reads_of, list(bodies), facts, path).result()


def _reads_of(
    bodies: list[Body], facts: Facts, path: tuple[str, ...]
) -> dict[Key, frozenset[Touch]]:
    found: dict[Key, frozenset[Touch]] = {}
    for body in bodies:
        reads = found.get(body.key, frozenset())
        for tree in _trees(body.language, body.text):
            reads |= directly(tree, facts, body.path or path, everywhere=not body.path)
        found[body.key] = reads
    return found


def _trees(language: str, text: str) -> Iterator[Node]:
    """Yield the parse tree of each SELECT; nothing of a text that our parser can't read."""
    if language == "sql":
        yield from _selects(parsed_texts(text))
        return
    for query in _queries(parsed_procedure(text)):
        yield from _selects(parsed_texts(query) or parsed_texts(f"SELECT {_value(query)}"))


def _selects(trees: list[Node]) -> Iterator[Node]:
    return (tree for tree in trees if "SelectStmt" in tree)


def _value(query: str) -> str:
    return _ASSIGNED.sub("", query, count=1)


def _queries(node: Any) -> Iterator[str]:
    """Yield the queries and expressions of a procedure."""
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            query = item.get("PLpgSQL_expr", {}).get("query")
            if query:
                yield query
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
