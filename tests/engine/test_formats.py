"""The shapes of a result: CSV as PostgreSQL writes it, objects, Markdown."""

from __future__ import annotations

import csv
import io

import pytest

from fleetmcp.analytics.errors import QueryFailed
from fleetmcp.analytics.formats import markdown, records
from scripts.demo_db import LocalDatabase
from tests.database import execute
from tests.engine.test_results import ask

MIXED = r'''
SELECT 1 AS id, 'a,"b"' AS "the ""name""", NULL::text AS n, '' AS e, true AS t, E'two\nlines' AS l,
       2.50 AS x, '2026-01-01'::date AS d, 'é|\\' AS p
UNION ALL SELECT 2, 'plain', 'x', 'y', false, 'z', -1, 'infinity', 'q'
'''


@pytest.mark.proves("FORMAT-CSV")
def test_csv_is_what_postgresqls_own_copy_writes(engine: LocalDatabase) -> None:
    from io import StringIO

    import psycopg2

    result = ask(MIXED, as_csv=True)
    connection = psycopg2.connect(engine.superuser_dsn)
    copied = StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY ({MIXED}) TO STDOUT WITH (FORMAT csv)", copied)
    connection.close()
    head, _, lines = result.csv.partition("\n")
    assert lines == copied.getvalue()
    assert next(csv.reader([head])) == ["id", 'the "name"', "n", "e", "t", "l", "x", "d", "p"]
    assert (result.row_count, result.truncated_by, result.rows) == (2, "", [])


@pytest.mark.proves("FORMAT-CSV")
def test_csv_is_capped_at_whole_rows_like_any_result(engine: LocalDatabase) -> None:
    rows = ask("SELECT E'a\nb', i FROM generate_series(1, 50) i", rows=7, as_csv=True)
    parsed = list(csv.reader(io.StringIO(rows.csv)))
    assert (len(parsed) - 1, rows.row_count, rows.truncated_by) == (7, 7, "rows")
    large = ask(
        "SELECT repeat('x', 400) FROM generate_series(1, 500)", rows=500, as_csv=True,
        characters=4_000,
    )  # fmt: skip
    assert (large.row_count, large.truncated_by) == (9, "characters")
    cut = ask("SELECT repeat('x', 900) AS a, 'ok' AS b", as_csv=True, cell=500)
    assert cut.csv == f'"a","b"\n{"x" * 500}…[cut],ok\n'
    assert cut.truncated_by == "cell"
    assert "cut to 500 characters" in cut.notes[0]


@pytest.mark.proves("FORMAT-CSV")
def test_csv_of_no_rows_has_its_head_and_errors_keep_their_place(engine: LocalDatabase) -> None:
    assert ask("SELECT 1 AS a WHERE false", as_csv=True).csv == '"a"\n'
    with pytest.raises(QueryFailed) as failed:
        ask("SELECT 1 / (i - 3) FROM generate_series(1, 5) i", as_csv=True)
    assert failed.value.sqlstate == "22012"


@pytest.mark.proves("FORMAT-RECORDS")
def test_records_are_objects_and_no_column_is_lost(engine: LocalDatabase) -> None:
    result = ask("SELECT 1 AS a, 2 AS a, 3 AS a_2, NULL AS b")
    assert records(result) == [{"a": 1, "a_2": 2, "a_2_2": 3, "b": None}]


@pytest.mark.proves("FORMAT-MARKDOWN")
def test_markdown_is_one_table_whatever_the_values_hold(engine: LocalDatabase) -> None:
    sql = "SELECT 'a|b' AS \"x|y\", E'1\n2' AS l, NULL AS n, true AS t, E'\\\\' AS s"
    table = markdown(ask(sql))
    assert table == "|x\\|y|l|n|t|s|\n|---|---|---|---|---|\n|a\\|b|1<br>2||true|\\\\|"


@pytest.mark.proves("RESULT-DISPLAY")
def test_bytes_are_shortened_with_their_length(engine: LocalDatabase) -> None:
    value = ask("SELECT decode(repeat('00', 90000), 'hex') AS b").rows[0][0]
    assert value == "\\x" + "00" * 32 + "… (90000 bytes)"
    assert ask(r"SELECT '\x00ff'::bytea").rows == [[r"\x00ff"]]


@pytest.mark.proves("RESULT-DISPLAY")
def test_value_of_a_gigabyte_costs_neither_side_its_size(engine: LocalDatabase) -> None:
    value = ask("SELECT repeat('x', 30000000) AS big").rows[0][0]
    assert isinstance(value, str)
    assert len(value) == 10_001
    assert execute(engine.superuser_dsn, "SELECT 1") == [(1,)]
