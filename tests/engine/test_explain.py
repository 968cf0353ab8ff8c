"""A plan in brief, with advice that holds: from the plan itself and from what the catalog has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest

from fleetmcp.analytics.errors import AnalyticsError, QueryFailed, QueryRefused
from fleetmcp.analytics.explain import Plan, explain
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.snapshot import current_policy, forget_policy
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import LocalDatabase
from tests.database import execute
from tests.engine import timescale as on_timescale
from tests.guard.test_guard_table import check

timescale, timescale_engine = on_timescale.timescale, on_timescale.timescale_engine

TICKET = Ticket("alice", "1")
BIG = "tracksolid.position_history"


def plan(sql: str, rows: int = 1000) -> Plan:
    """Judge and explain a statement."""
    policy = current_policy(TICKET)
    return explain(check(sql, policy), policy, TICKET, limits_for(rows))


def advised(sql: str, rows: int = 100_000) -> str:
    """Return the advice as one text."""
    return "\n".join(plan(sql, rows)["advice"])


@pytest.mark.proves("EXPLAIN-PLAN")
def test_plan_is_a_short_tree_with_rows_cost_and_the_expensive_steps(engine: LocalDatabase) -> None:
    found = plan(f"SELECT d.city, avg(p.speed) FROM {BIG} p JOIN devices d USING (imei) GROUP BY 1")
    assert (found["estimated_rows"], found["estimated_cost"] > 100) == (3, True)
    lines = found["plan"].splitlines()
    assert lines[0].startswith("HashAggregate  rows 3  cost ")
    assert lines[2].startswith(f"    Seq Scan on {BIG}  rows 17,")
    assert re.fullmatch(rf"\d\d% Seq Scan on {BIG}", found["expensive"][0])


@pytest.mark.proves("EXPLAIN-PLAN")
def test_shares_of_the_cost_add_up_to_the_whole(engine: LocalDatabase) -> None:
    for sql in (
        f"SELECT count(*) FROM {BIG} a, tracksolid.trips b",
        "SELECT *, (SELECT count(*) FROM trips t WHERE t.imei = d.imei) FROM devices d",
        f"SELECT * FROM {BIG} LIMIT 3",
        "SELECT * FROM reporting.v_daily_summary",
    ):
        shares = [float(one.split("%")[0]) for one in plan(sql)["expensive"]]
        assert shares
        assert 0 < sum(shares) <= 101
    assert (
        "SubPlan"
        in plan(
            "SELECT *, (SELECT max(t.end_time) FROM trips t WHERE t.imei = d.imei) FROM devices d"
        )["plan"]
    )


@pytest.mark.proves("EXPLAIN-PLAN")
def test_very_large_plan_is_cut_and_says_so(engine: LocalDatabase) -> None:
    sql = " UNION ALL ".join(f"SELECT imei FROM trips WHERE max_speed = {i}" for i in range(120))
    lines = plan(sql)["plan"].splitlines()
    assert len(lines) == 40
    assert lines[-1] == "… and 83 more lines"
    long = plan(f"SELECT 1 FROM trips WHERE trip_id IN ({','.join(map(str, range(5000)))})")
    assert len(long["plan"]) < 400


@pytest.mark.proves("EXPLAIN-NEVER-RUNS")
@pytest.mark.parametrize(
    "sql",
    ["SELECT reporting.test_sleep(60) FROM trips", "TABLE trips", "(SELECT 1) -- end", "VALUES (1)",
     "WITH x AS (SELECT 1) SELECT * FROM x;", "\ufeffSELECT 1", "/* a */ SELECT 1",
     "SELECT 1 / (count(*) - count(*)) FROM trips"],
)  # fmt: skip
def test_statement_is_planned_and_not_run(engine: LocalDatabase, sql: str) -> None:
    forget_policy()
    assert plan(sql)["plan"]


@pytest.mark.proves("EXPLAIN-NEVER-RUNS")
@pytest.mark.parametrize(
    "sql", ["ANALYZE SELECT 1", "EXPLAIN ANALYZE SELECT 1", "DELETE FROM trips",
            "SELECT 1; SELECT 2", "ANALYZE", "(ANALYZE) SELECT 1"],
)  # fmt: skip
def test_what_is_no_select_is_refused_before(engine: LocalDatabase, sql: str) -> None:
    with pytest.raises(QueryRefused):
        plan(sql)


@pytest.mark.proves("EXPLAIN-ERRORS")
@pytest.mark.parametrize(
    ("sql", "line", "column"),
    [("SELECT nosuch FROM trips", 1, 8), ("\n\n  SELECT imei,\n  nosuch FROM trips", 4, 3),
     ("\ufeffSELECT 'é', nosuch FROM trips", 1, 13), ("/* ü */ SELECT nosuch FROM trips", 1, 16)],
)  # fmt: skip
def test_error_points_into_the_analysts_own_text(
    engine: LocalDatabase, sql: str, line: int, column: int
) -> None:
    with pytest.raises(QueryFailed) as failed:
        plan(sql)
    place = failed.value.place
    assert place is not None
    assert (place.line, place.column) in ((line, column), (line, column + sql.startswith("\ufeff")))
    assert place.excerpt.splitlines()[0][2:][place.column - 1 :].startswith("nosuch")


@pytest.mark.proves("EXPLAIN-ERRORS")
@pytest.mark.parametrize("depth", [100, 300, 700])
def test_deep_plan_is_told_or_refused_but_never_a_crash(engine: LocalDatabase, depth: int) -> None:
    sql = "SELECT count(*) AS x FROM trips"
    for i in range(depth):
        sql = f"SELECT max(x) AS x FROM ({sql}) AS q{i}"
    said = ""
    with suppress(AnalyticsError):
        said = plan(sql)["plan"].splitlines()[-1]
    assert said.startswith("… and ") or depth > 100


@pytest.mark.proves("EXPLAIN-TIME-FILTER")
def test_big_table_read_whole_is_advised_to_filter_on_its_indexed_time(
    engine: LocalDatabase,
) -> None:
    assert f"Filter on gps_time: all of {BIG} (about 17," in advised(
        f"SELECT avg(speed) FROM {BIG}"
    )
    wrapped = advised(f"SELECT avg(speed) FROM {BIG} WHERE gps_time::date = '2026-10-10'")
    assert "Compare gps_time itself, as in gps_time >= …" in wrapped


@pytest.mark.proves("EXPLAIN-NO-IDLE-TALK")
@pytest.mark.parametrize(
    "sql",
    [f"SELECT avg(speed) FROM {BIG} WHERE gps_time >= '2026-10-20' AND gps_time < '2026-10-22'",
     "SELECT count(*) FROM tracksolid.trips", "SELECT 1", "SELECT * FROM devices",
     f"SELECT max(gps_time) FROM {BIG} WHERE imei = '862808040001237'",
     "SELECT * FROM devices CROSS JOIN reporting.cost_centres",
     "SELECT d.city, count(*) FROM trips t JOIN devices d USING (imei) GROUP BY 1"],
)  # fmt: skip
def test_sound_statement_gets_no_advice(engine: LocalDatabase, sql: str) -> None:
    assert plan(sql, 5000)["advice"] == []


@pytest.mark.proves("EXPLAIN-NO-IDLE-TALK")
def test_without_an_index_on_time_there_is_no_advice_to_use_it(engine: LocalDatabase) -> None:
    execute(
        engine.superuser_dsn,
        "CREATE TABLE tracksolid.plain AS SELECT i, now() AS at FROM generate_series(1, 50000) i;"
        "GRANT SELECT ON tracksolid.plain TO analytics_ro; ANALYZE tracksolid.plain",
    )
    try:
        forget_policy()
        assert advised("SELECT sum(i) FROM tracksolid.plain") == ""
        execute(engine.superuser_dsn, "CREATE INDEX ON tracksolid.plain (i, at)")
        assert "Filter on i and at: all of tracksolid.plain" in advised(
            "SELECT count(at + interval '1 s') FROM tracksolid.plain WHERE i % 2 = 0"
        )
    finally:
        execute(engine.superuser_dsn, "DROP TABLE tracksolid.plain")


@pytest.mark.proves("EXPLAIN-JOINS")
def test_cross_join_and_pairwise_comparison_are_named(engine: LocalDatabase) -> None:
    crossed = advised("SELECT count(*) FROM tracksolid.trips a, tracksolid.fuel_readings b")
    assert "are joined without a condition, about 8," in crossed
    compared = advised(f"SELECT count(*) FROM {BIG} a JOIN {BIG} b ON a.speed > b.speed")
    assert "would be compared one by one" in compared


@pytest.mark.proves("EXPLAIN-SIZE")
def test_sort_on_disk_and_too_many_rows_are_told_with_numbers(engine: LocalDatabase) -> None:
    sql = f"SELECT a.* FROM {BIG} a, generate_series(1, 5) ORDER BY a.lat"
    found = plan(sql, 1000)["advice"]
    assert any(
        re.match(r"Sorting about 8\d,\d+ rows \(\d+ MB\) goes to disk", one) for one in found
    )
    assert any("and a reply has at most 1,000: aggregate" in one for one in found)
    assert "disk" not in advised(f"{sql} LIMIT 5")


@pytest.mark.proves("EXPLAIN-ONLY-READABLE")
def test_table_behind_a_view_that_the_role_cannot_read_has_no_name(engine: LocalDatabase) -> None:
    execute(
        engine.superuser_dsn,
        "CREATE SCHEMA vault; CREATE TABLE vault.owners (id int, pin text);"
        "CREATE INDEX owners_pin ON vault.owners (pin);"
        "CREATE VIEW reporting.v_owners AS SELECT o.id FROM vault.owners o"
        " JOIN tracksolid.trips t ON t.trip_id = o.id AND t.imei || o.pin <> '99x'"
        " WHERE pin = '1234';"
        "GRANT SELECT ON reporting.v_owners TO analytics_ro",
    )
    try:
        forget_policy()
        found = plan("SELECT id, vehicle_number FROM reporting.v_owners, devices")
        assert "on a table behind a view" in found["plan"]
        assert not re.search(r"owners\b(?<!v_owners)|vault|1234|pin|99x", str(found))
    finally:
        execute(engine.superuser_dsn, "DROP SCHEMA vault CASCADE")


@pytest.mark.proves("EXPLAIN-ONLY-READABLE")
def test_denied_column_is_denied_to_explain_too(engine: LocalDatabase) -> None:
    execute(
        engine.superuser_dsn,
        "CREATE TABLE reporting.closed (id int, pin text);"
        "GRANT SELECT (id) ON reporting.closed TO analytics_ro",
    )
    try:
        forget_policy()
        assert plan("SELECT id FROM reporting.closed")["plan"]
        with pytest.raises(QueryFailed, match="42501"):
            plan("SELECT id FROM reporting.closed WHERE pin > '5'")
    finally:
        execute(engine.superuser_dsn, "DROP TABLE reporting.closed")


@pytest.mark.proves("EXPLAIN-FOLDED")
def test_partitions_are_folded_into_their_table(engine: LocalDatabase) -> None:
    parts = "".join(
        f"CREATE TABLE tracksolid.days_{i} PARTITION OF tracksolid.days"
        f" FOR VALUES FROM ('2026-01-{i:02}') TO ('2026-01-{i + 1:02}');"
        for i in range(1, 21)
    )
    execute(
        engine.superuser_dsn,
        f"CREATE TABLE tracksolid.days (day date, n int) PARTITION BY RANGE (day); {parts}"
        "INSERT INTO tracksolid.days SELECT date '2026-01-01' + i % 20, i"
        " FROM generate_series(1, 30000) i;"
        "GRANT SELECT ON tracksolid.days TO analytics_ro; ANALYZE tracksolid.days",
    )
    try:
        forget_policy()
        found = plan("SELECT sum(n) FROM tracksolid.days d WHERE d.n % 2 = 0")
        assert "Seq Scan on tracksolid.days, 20 of 20 partitions" in found["plan"]
        assert "days_1" not in str(found)
        assert found["advice"] == [
            "Filter on day: all 20 partitions of tracksolid.days (about 30,000 rows) would be read."
        ]
        assert "3 of 20" in plan("SELECT * FROM days WHERE day < '2026-01-04'")["plan"]
    finally:
        execute(engine.superuser_dsn, "DROP TABLE tracksolid.days")


HYPER = [
    f"SELECT d.city, avg(p.speed) FROM {BIG} p JOIN devices d USING (imei) GROUP BY 1",
    f"SELECT * FROM {BIG} ORDER BY gps_time LIMIT 5",
    f"SELECT imei, max(gps_time) FROM {BIG} WHERE speed > 5 GROUP BY 1",
    f"SELECT * FROM {BIG} WHERE imei = 'x' OR speed > 90",
    f"SELECT a.imei FROM {BIG} a JOIN {BIG} b ON a.imei = b.imei AND a.gps_time = b.hb_time",
    f"SELECT * FROM {BIG} UNION ALL SELECT * FROM {BIG} WHERE speed > 50",
    f"SELECT count(*) FROM {BIG} WHERE gps_time > now() - interval '60 days' AND lat > 0",
    f"SELECT avg(speed) FROM {BIG} WHERE imei = '862808040001237'",
    f"SELECT (SELECT count(*) FROM {BIG} p WHERE p.imei = d.imei) FROM devices d",
]


@pytest.fixture
def parallel(timescale_engine: str) -> Iterator[None]:
    """Let PostgreSQL use parallel plans for small tables too."""
    eager = ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size")
    for name in eager:
        execute(timescale_engine, f"ALTER ROLE analytics_ro SET {name} = 0")
    yield
    for name in eager:
        execute(timescale_engine, f"ALTER ROLE analytics_ro RESET {name}")


@pytest.mark.proves("EXPLAIN-FOLDED")
@pytest.mark.parametrize("sql", HYPER)
def test_chunks_are_folded_into_their_hypertable(timescale_engine: str, sql: str) -> None:
    found = plan(sql)
    assert re.search(rf" on {BIG}, \d of 5 chunks", found["plan"])
    assert not re.search("_hyper_|_chunk|_timescaledb", str(found))
    assert found["plan"].count(" chunks") <= 2


@pytest.mark.proves("EXPLAIN-FOLDED")
@pytest.mark.parametrize("sql", HYPER)
def test_chunks_of_parallel_plans_are_folded_too(
    timescale_engine: str, parallel: None, sql: str
) -> None:
    found = plan(sql)
    assert not re.search("_hyper_|_chunk|_timescaledb", str(found))


@pytest.mark.proves("EXPLAIN-CHUNKS")
def test_missing_time_filter_tells_how_many_chunks_would_be_read(timescale_engine: str) -> None:
    assert advised(f"SELECT avg(speed) FROM {BIG}").startswith(
        f"Filter on gps_time: all 5 chunks of {BIG} (about 17,"
    )
    assert "Compare gps_time itself" in advised(
        f"SELECT avg(speed) FROM {BIG} WHERE date_trunc('day', gps_time) = '2026-10-10'"
    )
    narrow = plan(f"SELECT avg(speed) FROM {BIG} WHERE gps_time >= '2026-10-22'")
    assert narrow["advice"] == []
    assert "2 of 5 chunks" in narrow["plan"]
    assert "3 of 5" in plan(f"SELECT 1 FROM {BIG} WHERE gps_time >= '2026-10-15'")["plan"]
