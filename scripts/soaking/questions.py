"""What is asked, with what must come back. Results are checked for content, not for status only."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from scripts.soaking.deployment import Deployment
from scripts.soaking.repertoire import LIMITED, REFUSED, SEVEN, TOOLS, TRUTHS, Data
from scripts.soaking.tally import HUNG_UP, OK, Question

WIDE = ("alice", "bob", "carol", "theo")
Maker = Callable[[random.Random], Question]


@dataclass(frozen=True)
class Kind:
    """A kind of question and how often it comes; slow ones wait, or return much."""

    weight: int
    make: Maker
    slow: bool = False


def kinds(deployment: Deployment) -> list[Kind]:
    """Return the whole mix; what the real tables hold is asked of the database itself first."""
    truths = {sql: [list(row) for row in deployment.ask(sql)] for sql in TRUTHS}
    return [
        Kind(30, _one_row),
        Kind(14, partial(_series, "100 x 7", 100)),
        Kind(4, partial(_series, "10,000 x 7", 10_000), slow=True),
        Kind(10, partial(_truth, truths)),
        Kind(3, _capped, slow=True),
        *(Kind(2, partial(_refused, sql, code)) for sql, code in REFUSED),
        *(Kind(2, partial(_tool, *told)) for told in TOOLS),
        Kind(3, partial(_slow, "slow", "plain", 0.3, {OK}), slow=True),
        Kind(1, partial(_slow, "progress", "progress", 4.0, {OK}), slow=True),
        Kind(2, partial(_slow, "progress", "progress", 0.0, {OK}), slow=True),
        Kind(1, partial(_slow, "cancel", "cancel", 6.0, {"cancelled"}), slow=True),
        Kind(3, partial(_slow, "hang up", "hang up", 5.0, {HUNG_UP}), slow=True),
        Kind(1, _timeout, slow=True),
        Kind(2, _malformed),
        *(Kind(2, partial(_limited, *told)) for told in LIMITED),
    ]


def _one_row(rng: random.Random) -> Question:
    number = rng.randrange(10**9)
    sql = f"SELECT {number} + 1 AS answer"
    return _query("one row", sql, rng, lambda data: data["rows"] == [[number + 1]])


def _series(name: str, count: int, rng: random.Random) -> Question:
    first, shape = rng.randrange(10**6), rng.choice(("rows", "records", "csv"))
    sql = SEVEN.format(first, first + count - 1)
    holds = partial(_is_series, shape, first, count)
    return _query(f"{name} {shape}", sql, rng, holds, max_rows=10_000, format=shape)


def _is_series(shape: str, first: int, count: int, data: Data) -> bool:
    """Say whether all rows are there, the first and the last as they must be."""
    if (data["row_count"], data["truncated"]) != (count, False):
        return False
    if shape == "csv":
        rows: list[Any] = list(csv.reader(io.StringIO(data["text"])))[1:]
        return [int(row[0]) for row in rows] == list(range(first, first + count))
    rows = [list(row.values()) for row in data["rows"]] if shape == "records" else data["rows"]
    numbers = [row[0] for row in rows]
    return numbers == list(range(first, first + count)) and all(map(_is_row, (rows[0], rows[-1])))


def _is_row(row: list[Any]) -> bool:
    n = int(row[0])
    return row[1:3] == [n * 7 % 1000, f"k{n}"] and row[4] is (n % 2 == 0) and row[6] is None


def _truth(truths: dict[str, list[list[Any]]], rng: random.Random) -> Question:
    sql = rng.choice(TRUTHS)
    return _query("real tables", sql, rng, lambda data: data["rows"] == truths[sql])


def _capped(rng: random.Random) -> Question:
    def holds(data: Data) -> bool:
        return (data["row_count"], data["truncated_by"]) == (10_000, "rows")

    shape = rng.choice(("csv", "rows"))
    sql = "SELECT * FROM generate_series(1, 200000)"
    return _query("more than max_rows", sql, rng, holds, max_rows=10_000, format=shape)


def greedy(rng: random.Random) -> Question:
    """Ask for everything in ten million rows."""

    def holds(data: Data) -> bool:
        return (data["row_count"], data["truncated_by"]) == (10_000, "rows")

    shape = rng.choice(("rows", "csv", "records"))
    sql = "SELECT * FROM generate_series(1, 10000000)"
    return _query("ten million rows", sql, rng, holds, max_rows=10**9, format=shape)


def _refused(sql: str, code: str, rng: random.Random) -> Question:
    arguments = {"sql": sql}
    return Question(code, rng.choice(WIDE), "query", arguments, frozenset({code}))


def _tool(
    tool: str, arguments: dict[str, Any], holds: Callable[[Data], bool], rng: random.Random
) -> Question:
    return Question(tool, rng.choice(WIDE), tool, arguments, holds=holds)


def _slow(name: str, way: str, seconds: float, right: set[str], rng: random.Random) -> Question:
    def holds(data: Data) -> bool:
        told = data["progress"] > 0 or seconds < 2.5 or way != "progress"
        return bool(told and data["rows"] == [[1]])

    arguments = {"sql": f"SELECT reporting.soak_sleep({seconds}) AS slept"}
    return Question(name, rng.choice(WIDE), "query", arguments, frozenset(right), holds, way)


def _timeout(rng: random.Random) -> Question:
    arguments = {"sql": "SELECT reporting.soak_sleep(4)"}
    return Question("timeout", "brian", "query", arguments, frozenset({"timed_out"}))


def _malformed(rng: random.Random) -> Question:
    told: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
        ("malformed", "query", {}, "http 400", "malformed"),
        ("unknown tool", "drop_everything", {}, "unknown_tool", "plain"),
        ("bad arguments", "query", {"statement": "SELECT 1"}, "bad_arguments", "plain"),
    )
    name, tool, arguments, code, way = rng.choice(told)
    return Question(name, rng.choice(WIDE), tool, arguments, frozenset({code}), way=way)


def _limited(
    who: str, arguments: dict[str, Any], right: set[str], rows: int, rng: random.Random
) -> Question:
    def holds(data: Data) -> bool:
        return bool(data["row_count"] == rows)

    return Question(f"policy of {who}", who, "query", arguments, frozenset(right), holds)


def _query(
    name: str, sql: str, rng: random.Random, holds: Callable[[Data], bool], **more: Any
) -> Question:
    return Question(name, rng.choice(WIDE), "query", {"sql": sql, **more}, holds=holds)
