"""What comes back: exact values, rows and cells capped whatever the SQL says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fleetmcp.analytics.errors import QueryFailed, QueryRefused, QueryTimedOut
from fleetmcp.analytics.limits import Limits, limits_for
from fleetmcp.analytics.queries import run_select
from fleetmcp.analytics.results import Result
from fleetmcp.analytics.snapshot import current_policy
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import LocalDatabase
from tests.guard.test_guard_table import check

TICKET = Ticket("alice", "1")


def ask(sql: str, rows: int = 10, as_csv: bool = False, **limits: int) -> Result:
    """Judge and run a statement."""
    policy = current_policy(TICKET)
    most = limits_for(rows)
    bounds = Limits(**{**vars(most), **limits})
    return run_select(check(sql, policy), policy, TICKET, bounds, as_csv=as_csv)


EXACT: list[tuple[str, Any, str]] = [
    ("1::int2", 1, "smallint"),
    ("-7", -7, "integer"),
    ("9007199254740992", 9007199254740992, "bigint"),
    ("9007199254740993", "9007199254740993", "bigint"),
    ("(-9223372036854775808)::int8", "-9223372036854775808", "bigint"),
    ("1.10", "1.10", "numeric"),
    ("12345678901234567890.123456789", "12345678901234567890.123456789", "numeric"),
    ("'NaN'::numeric", "NaN", "numeric"),
    ("'infinity'::numeric", "Infinity", "numeric"),
    ("0.1::float8", 0.1, "double precision"),
    ("1e300::float8", 1e300, "double precision"),
    ("0.1::float4", 0.1, "real"),
    ("'NaN'::float8", "NaN", "double precision"),
    ("'-infinity'::float4", "-Infinity", "real"),
    ("true", True, "boolean"),
    ("false", False, "boolean"),
    ("NULL::boolean", None, "boolean"),
    ("'24:00'::time", "24:00:00", "time without time zone"),
    ("'4713-01-01 BC'::date", "4713-01-01 BC", "date"),
    ("'infinity'::date", "infinity", "date"),
    ("'10000-01-01'::timestamp", "10000-01-01 00:00:00", "timestamp without time zone"),
    ("'2026-01-01 12:00+03'::timestamptz", "2026-01-01 09:00:00+00", "timestamp with time zone"),
    ("'178000000 years'::interval", "178000000 years", "interval"),
    ("'1 day -00:00:01'::interval", "1 day -00:00:01", "interval"),
    ("int4range(1, 5)", "[1,5)", "int4range"),
    ("'{[1,2), [5,6)}'::int4multirange", "{[1,2),[5,6)}", "int4multirange"),
    ("ARRAY[1, NULL, 3]", "{1,NULL,3}", "integer[]"),
    ("ARRAY['a b', 'c\"d']", '{"a b","c\\"d"}', "text[]"),
    ("""'{"b": 1, "a": 1.0}'::json""", '{"b": 1, "a": 1.0}', "json"),
    ("""'{"b": 1, "a": 1.0}'::jsonb""", '{"a": 1.0, "b": 1}', "jsonb"),
    (r"'\x00ff'::bytea", r"\x00ff", "bytea"),
    ("'a'::char(3)", "a  ", "character"),
    ("'a'::varchar(3)", "a", "character varying"),
    ("'a'::\"char\"", "a", '"char"'),
    ("'a'::name", "a", "name"),
    ("'10.0.0.1'::inet", "10.0.0.1", "inet"),
    ("'10.0.0.0/8'::cidr", "10.0.0.0/8", "cidr"),
    (
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "uuid",
    ),
    ("b'101'", "101", "bit"),
    ("'(1,2)'::point", "(1,2)", "point"),
    ("ROW(NULL, NULL)", "(,)", "record"),
    ("ROW(1, 'a b')", '(1,"a b")', "record"),
    ("''", "", "text"),
    ("'Grüße 🚚'", "Grüße 🚚", "text"),
    ("NULL", None, "text"),
    ("42::oid", 42, "oid"),
    ("'0/1'::pg_lsn", "0/1", "pg_lsn"),
    ("12.5::money", "$12.50", "money"),
]


@pytest.mark.proves("RESULT-EXACT")
@pytest.mark.parametrize(("expression", "value", "type_"), EXACT)
def test_value_is_exact(engine: LocalDatabase, expression: str, value: Any, type_: str) -> None:
    result = ask(f"SELECT {expression} AS v")
    assert result.rows == [[value]]
    assert type(result.rows[0][0]) is type(value)
    assert (result.columns[0].name, result.columns[0].type) == ("v", type_)


@pytest.mark.proves("RESULT-SHAPE")
def test_duplicate_column_names_are_kept(engine: LocalDatabase) -> None:
    result = ask('SELECT 1 AS a, 2 AS a, 3 AS "A b"')
    assert [column.name for column in result.columns] == ["a", "a", "A b"]
    assert result.rows == [[1, 2, 3]]


@pytest.mark.proves("RESULT-SHAPE")
def test_zero_columns_and_zero_rows_are_results(engine: LocalDatabase) -> None:
    assert ask("SELECT FROM generate_series(1, 3)").rows == [[], [], []]
    empty = ask("SELECT imei FROM tracksolid.devices WHERE false")
    assert (len(empty.columns), empty.rows, empty.truncated_by) == (1, [], "")


@pytest.mark.proves("RESULT-SHAPE")
def test_order_of_the_question_is_the_order_of_the_answer(engine: LocalDatabase) -> None:
    result = ask("SELECT i FROM generate_series(1, 1000) i ORDER BY i DESC", rows=3)
    assert result.rows == [[1000], [999], [998]]


@pytest.mark.proves("RESULT-ROW-CAP")
@pytest.mark.parametrize("sql", [
    "SELECT i FROM generate_series(1, 100000000) i",
    "SELECT i AS limit FROM generate_series(1, 100) i -- limit 1000000",
    "SELECT 'limit', i FROM generate_series(1, 100) i",
    "SELECT i FROM generate_series(1, 100) i LIMIT 50",
    "TABLE tracksolid.position_history",
    "SELECT 1 FROM generate_series(1, 90) UNION ALL SELECT 2 LIMIT ALL",
])  # fmt: skip
def test_row_cap_holds_whatever_the_sql_says(engine: LocalDatabase, sql: str) -> None:
    result = ask(sql, rows=7)
    assert (len(result.rows), result.truncated_by) == (7, "rows")
    assert "first 7 rows" in result.notes[0]


@pytest.mark.proves("RESULT-ROW-CAP")
def test_only_one_row_beyond_the_cap_leaves_postgresql(
    engine: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fleetmcp.analytics.connection import Session

    fetched: list[int] = []
    run = Session.run

    def counting(self: Session, sql: str) -> list[tuple[Any, ...]]:
        rows = run(self, sql)
        fetched.append(len(rows))
        return rows

    monkeypatch.setattr(Session, "run", counting)
    ask("SELECT i FROM generate_series(1, 5000) i", rows=10)
    assert max(fetched[-2:]) == 11


@pytest.mark.proves("RESULT-ROW-CAP")
def test_exactly_the_cap_is_not_truncated(engine: LocalDatabase) -> None:
    result = ask("SELECT i FROM generate_series(1, 7) i", rows=7)
    assert (len(result.rows), result.truncated_by, result.notes) == (7, "", [])


@pytest.mark.proves("RESULT-CELL-CAP")
@pytest.mark.parametrize("expression", [
    "repeat('x', 300000)", "array_agg(i)", "jsonb_agg(i)",
    "repeat('1', 9000)::numeric", "repeat('x', 300000)::char(300000)",
])  # fmt: skip
def test_large_value_is_cut_by_postgresql_and_said(engine: LocalDatabase, expression: str) -> None:
    result = ask(f"SELECT {expression} AS big FROM generate_series(1, 90000) i LIMIT 1"
                 if "(i)" in expression else f"SELECT {expression} AS big", cell=500)  # fmt: skip
    value = result.rows[0][0]
    assert isinstance(value, str)
    assert len(value) == 501
    assert value.endswith("…")
    assert result.notes[0].startswith("Values of big were cut to 500 characters")
    assert result.truncated_by == "cell"


@pytest.mark.proves("ERROR-PLACE")
def test_database_error_points_into_the_analysts_own_text(engine: LocalDatabase) -> None:
    with pytest.raises(QueryFailed) as failed:
        ask("/* é */ SELECT imei,\n       speeed\nFROM tracksolid.live_positions")
    place = failed.value.place
    assert place is not None
    assert (place.line, place.column) == (2, 8)
    assert place.excerpt == "         speeed\n         ^"
    assert failed.value.sqlstate == "42703"
    assert "describe_table" in str(failed.value)


@pytest.mark.proves("ERROR-PLACE")
def test_error_at_run_time_keeps_sqlstate_and_has_no_place(engine: LocalDatabase) -> None:
    with pytest.raises(QueryFailed) as failed:
        ask("SELECT 1 / (i - 5) FROM generate_series(1, 9) i")
    assert (failed.value.sqlstate, failed.value.place) == ("22012", None)


@pytest.mark.proves("LIMIT-TIME")
def test_statement_timeout_is_postgresqls_own(engine: LocalDatabase) -> None:
    with pytest.raises(QueryTimedOut) as timed_out:
        ask("SELECT reporting.test_sleep(30)", statement_ms=200)
    assert "[timed_out 57014]" in str(timed_out.value)


@pytest.mark.proves("SESSION-NAME")
def test_application_name_says_who_and_which_question(engine: LocalDatabase) -> None:
    assert Ticket("alice", "17").application_name == "fleetmcp:alice:17"
    assert Ticket("x" * 150, "17").application_name == f"fleetmcp:{'x' * 51}:17"
    assert Ticket("a'\n;:é", "1").application_name == "fleetmcp:a?????:1"


@pytest.mark.proves("RESULT-SIZE-CAP")
def test_result_too_large_is_cut_at_a_whole_row_by_postgresql(
    engine: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fleetmcp.analytics.connection import Session

    sent: list[int] = []
    run = Session.run

    def counting(self: Session, sql: str) -> list[tuple[Any, ...]]:
        rows = run(self, sql)
        sent.append(sum(len(cell or "") for row in rows for cell in row))
        return rows

    monkeypatch.setattr(Session, "run", counting)
    sql = "SELECT i, repeat('é', 900) a, repeat('b', 100) b FROM generate_series(1, 5000) i"
    result = ask(sql, rows=5000, characters=50_000)
    assert result.truncated_by == "characters"
    assert [row[0] for row in result.rows] == list(range(1, len(result.rows) + 1))
    assert len(result.rows) == 49
    assert "50000 characters" in result.notes[0]
    assert sent[-1] < 55_000


@pytest.mark.proves("RESULT-SIZE-CAP")
def test_first_row_is_sent_however_large_and_order_is_kept(engine: LocalDatabase) -> None:
    sql = "SELECT i, repeat('x', 9000) FROM generate_series(1, 50) i ORDER BY i DESC"
    result = ask(sql, rows=1000, characters=5_000)
    assert [row[0] for row in result.rows] == [50]
    assert result.truncated_by == "characters"


@pytest.mark.proves("RESULT-SIZE-CAP")
def test_result_within_the_budget_is_whole(engine: LocalDatabase) -> None:
    sql = "SELECT NULL::text a, repeat('x', i) b FROM generate_series(1, 100) i ORDER BY i"
    result = ask(sql, rows=1000, characters=5_050)
    assert (len(result.rows), result.truncated_by, result.notes) == (100, "", [])
    assert result.rows[2] == [None, "xxx"]


@pytest.mark.proves("ERROR-PLACE")
def test_position_is_right_inside_the_size_cap_too(engine: LocalDatabase) -> None:
    with pytest.raises(QueryFailed) as failed:
        ask("SELECT repeat('x', 10) AS a, nope FROM generate_series(1, 3)", characters=1000)
    assert failed.value.place is not None
    assert failed.value.place.column == 30


@pytest.mark.proves("ERROR-NEAREST")
@pytest.mark.parametrize(
    ("sql", "nearest"),
    [
        ("SELECT imeii FROM tracksolid.devices", "imei"),
        ("SELECT d.vehicle_numbr FROM tracksolid.devices d", "vehicle_number"),
        ('SELECT "costcentre" FROM reporting.v_daily_summary', "cost_centre"),
        ("SELECT 1 FROM tracksolid.devices ORDER BY vehiclename", "vehicle_name"),
    ],
)
def test_unknown_column_is_answered_with_the_nearest_ones(
    engine: LocalDatabase, sql: str, nearest: str
) -> None:
    with pytest.raises(QueryFailed) as failed:
        ask(sql)
    assert failed.value.sqlstate == "42703"
    assert re.search(rf"Did you mean [^?]*\b{nearest}\b", failed.value.hint)


@pytest.mark.proves("ERROR-NEAREST")
@pytest.mark.parametrize(
    ("sql", "nearest"),
    [
        ("SELECT * FROM device", "devices"),
        ("SELECT * FROM tracksolid.device", "tracksolid.devices"),
        ("SELECT * FROM reporting.v_daily_sumary", "reporting.v_daily_summary"),
        ("SELECT lowr('x')", "lower"),
        ("SELECT * FROM fn_live_position()", "fn_live_positions"),
    ],
)
def test_unknown_table_or_function_is_answered_with_the_nearest_ones(
    engine: LocalDatabase, sql: str, nearest: str
) -> None:
    with pytest.raises(QueryRefused) as refused:
        ask(sql)
    assert re.search(rf"Did you mean [^?]*\b{nearest}\b", refused.value.hint)
