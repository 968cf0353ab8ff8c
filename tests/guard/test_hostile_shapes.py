"""Whatever the shape and size of the text: a verdict, and a process that lives on."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleetmcp.analytics.errors import Code, QueryRefused
from fleetmcp.analytics.guard.policy import FunctionRow, Policy, build_policy
from tests.guard.cases import ACCEPTED, REFUSED
from tests.guard.test_guard_table import check

POLICY: Policy = build_policy(
    schemas=["tracksolid"],
    search_path=["tracksolid", "public"],
    relations=[("tracksolid", "devices")],
    functions=[
        FunctionRow("pg_catalog", "lower", "", True, True),
        FunctionRow("pg_catalog", "pg_sleep", "", False, True),
    ],
)
SIZE = 60_000
SHAPES = {
    "sum": "SELECT " + "1+" * (SIZE // 2) + "1",
    "minus": "SELECT " + "- " * (SIZE // 2) + "1",
    "parentheses": "SELECT " + "(" * (SIZE // 2) + "1" + ")" * (SIZE // 2),
    "subselects": "SELECT (" * 7_000 + "1" + ")" * 7_000,
    "not": "SELECT " + "NOT " * (SIZE // 4) + "true",
    "case": "SELECT " + "CASE WHEN true THEN " * 3_000 + "1" + " END" * 3_000,
    "casts": "SELECT 1" + "::int" * (SIZE // 5),
    "concatenation": "SELECT 'a'" + "||'a'" * (SIZE // 5),
    "list": "SELECT 1 IN (" + "1," * (SIZE // 2) + "1)",
    "unions": "SELECT 1" + " UNION SELECT 1" * (SIZE // 15),
    "steps": "WITH " + ",".join(f"a{i} AS (SELECT)" for i in range(3_000)) + " SELECT 1",
    "comments": "/*" * (SIZE // 2) + "*/" * 10 + "SELECT 1",
    "operators": "SELECT " + "/*/" * (SIZE // 3),
    "dollar": "SELECT " + "$a$" * (SIZE // 3 - 1),
    "quotes": "SELECT " + "'" * SIZE,
    "arrays": "SELECT " + "ARRAY[" * (SIZE // 7) + "]" * (SIZE // 7),
    "calls": "SELECT " + "lower(" * (SIZE // 7) + "'x'" + ")" * (SIZE // 7),
    "joins": "SELECT 1 FROM devices" + " JOIN devices ON true" * (SIZE // 21),
    "fields": "SELECT a" + ".b" * (SIZE // 2),
    "subscripts": "SELECT a" + "[1]" * (SIZE // 3),
    "identifier": 'SELECT "' + "x" * SIZE + '"',
    "semicolons": ";" * SIZE,
    "statements": "SELECT 1;" * (SIZE // 9),
    "brackets": "(" * SIZE,
    "unicode": "SELECT '" + "🚚" * (SIZE // 4) + "'",
    "backslashes": "SELECT E'" + "\\\\" * (SIZE // 2 - 10) + "'",
}


def refused(text: str) -> QueryRefused | None:
    """Return the refusal of the text, or None when it is accepted; anything else is raised."""
    try:
        check(text, POLICY)
    except QueryRefused as refusal:
        return refusal
    return None


@pytest.mark.proves("GUARD-SIZES")
@pytest.mark.parametrize("shape", SHAPES)
def test_hostile_shape_gets_a_verdict(shape: str) -> None:
    refusal = refused(SHAPES[shape])
    assert refusal is None or len(str(refusal)) < 1_000
    assert refused("SELECT 1") is None


@pytest.mark.proves("GUARD-SIZES")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT '" + "x" * 65_536 + "'", Code.TOO_LONG),
        ("x" * 1_000_000, Code.TOO_LONG),
        ("é" * 40_000, Code.TOO_LONG),
        ("SELECT 1\x00", Code.NOT_TEXT),
        ("SELECT '\ud800'", Code.NOT_TEXT),
        (b"SELECT 1", Code.NOT_TEXT),
        (None, Code.NOT_TEXT),
        ("SELECT " + "+" * 1_001 + "1", Code.TOO_COMPLEX),
        (SHAPES["sum"], Code.TOO_COMPLEX),
        (SHAPES["steps"], Code.TOO_COMPLEX),
        (SHAPES["brackets"], Code.TOO_COMPLEX),
    ],
    ids=range(11),
)  # fmt: skip
def test_text_beyond_the_limits_is_refused_with_its_code(text: object, code: Code) -> None:
    with pytest.raises(QueryRefused) as refusal:
        check(text, POLICY)
    assert refusal.value.code is code


PIECES = sorted(
    {word for line in ACCEPTED.splitlines() for word in line.split()}
    | {word for lines in REFUSED.values() for line in lines.splitlines() for word in line.split()}
)


@pytest.mark.proves("GUARD-SIZES")
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join) | st.text(max_size=200))
def test_any_text_is_accepted_or_refused_and_nothing_else(text: str) -> None:
    refusal = refused(text)
    assert refusal is None or str(refusal).startswith(f"[{refusal.code}] ")
