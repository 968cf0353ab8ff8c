"""What a policy says of names that the demo database doesn't have."""

from __future__ import annotations

import pytest

from fleetmcp.analytics.errors import Code, QueryRefused
from fleetmcp.analytics.guard.policy import FunctionRow, Policy, Verdict, build_policy
from fleetmcp.analytics.snapshot import current_policy, forget_policy
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import LocalDatabase
from tests.database import execute
from tests.guard.test_guard_table import check

GIS = {"postgis": "st_transform st_setsrid st_makepoint st_srid st_geomfromtwkb".split(),
       "dblink": ["dblink"],
       "timescaledb": "approximate_row_count hypertable_size time_bucket add_job".split(),
       "": ["helper", "round"]}  # fmt: skip


@pytest.fixture
def gis() -> Policy:
    """Return the policy of a database with three extensions and two functions in public."""
    rows = [FunctionRow("public", n, ext, True, True) for ext, names in GIS.items() for n in names]
    rows += [FunctionRow("pg_catalog", n, "", True, True) for n in ("round", "text", "lower")]
    rows += [FunctionRow("reporting", "calm", "", True, True)]
    rows += [FunctionRow("reporting", "wild", "", False, True)]
    return build_policy(
        schemas=["reporting", "tracksolid"],
        search_path=["reporting", "tracksolid", "public"],
        relations=[("tracksolid", "trips"), ("reporting", "pg_stat_activity")],
        functions=rows,
    )


@pytest.mark.proves("GUARD-ARGUMENTS")
@pytest.mark.parametrize("sql", [
    "SELECT ST_Transform(st_makepoint(1, 2), 4326)",
    "SELECT ST_Transform(st_makepoint(1, 2), '4326'::int)",
    "SELECT ST_Transform(st_makepoint(1, 2), ST_SRID(st_makepoint(1, 2)))",
    "SELECT approximate_row_count('tracksolid.trips')",
    "SELECT hypertable_size('trips')",
    "SELECT time_bucket('1 hour', x) FROM trips",
    "SELECT reporting.calm(1), pg_catalog.round(1)",
])  # fmt: skip
def test_harmless_arguments_are_accepted(gis: Policy, sql: str) -> None:
    check(sql, gis)


@pytest.mark.proves("GUARD-ARGUMENTS")
@pytest.mark.parametrize("sql", [
    "SELECT ST_Transform(st_makepoint(1, 2), '+proj=longlat +nadgrids=/proc/self/fd/3')",
    "SELECT ST_Transform(st_makepoint(1, 2), '+init=/tmp/x:y')",
    "SELECT ST_Transform(st_makepoint(1, 2), '+proj=longlat', 4326)",
    "SELECT ST_Transform(geom => st_makepoint(1, 2), to_proj => '+proj=longlat')",
    "SELECT ST_Transform(VARIADIC ARRAY[1, 2])",
    "SELECT ST_Transform(st_makepoint(1, 2), lower('+INIT=x'))",
    "SELECT ST_Transform(st_makepoint(1, 2), '4326'::text)",
    "SELECT ('x'::text).st_transform",
    "SELECT approximate_row_count(26032)",
    "SELECT approximate_row_count('26032')",
    "SELECT approximate_row_count('secret.salaries')",
    "SELECT approximate_row_count('\"secret\".salaries')",
    "SELECT approximate_row_count('tracksolid.trips'::text)",
    "SELECT approximate_row_count(lower('x'))",
    "SELECT hypertable_size(VARIADIC ARRAY[1])",
    "SELECT (26032).approximate_row_count",
    "SELECT ST_GeomFromTWKB('x')",
    "SELECT ('x'::text).st_geomfromtwkb",
    "SELECT f.dblink FROM lower('select 1') f",
    "SELECT add_job('x', '1h')",
    "SELECT reporting.wild(1)",
    "SELECT (1).wild",
    "SELECT helper(1)",
    "SELECT public.helper(1)",
    "SELECT round(1)",
])  # fmt: skip
def test_reaching_arguments_and_unjudged_functions_are_refused(gis: Policy, sql: str) -> None:
    with pytest.raises(QueryRefused) as refusal:
        check(sql, gis)
    assert refusal.value.code is Code.FUNCTION


@pytest.mark.proves("GUARD-POLICY")
def test_name_of_a_system_view_never_means_one_of_ours(gis: Policy) -> None:
    with pytest.raises(QueryRefused) as refusal:
        check("SELECT * FROM pg_stat_activity", gis)
    assert refusal.value.code is Code.CATALOG
    check("SELECT * FROM reporting.pg_stat_activity", gis)


@pytest.mark.proves("GUARD-POLICY")
def test_function_in_the_way_of_a_builtin_is_named_with_the_way_around(gis: Policy) -> None:
    assert gis.function("", "round") is Verdict.REFUSED
    with pytest.raises(QueryRefused, match=r"write pg_catalog\.round\("):
        check("SELECT round(2.5)", gis)


@pytest.mark.proves("GUARD-POLICY")
def test_functions_of_a_readable_schema_are_judged_by_the_catalog(engine: LocalDatabase) -> None:
    made = """
        CREATE FUNCTION reporting.t_stable(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
        CREATE FUNCTION reporting.t_volatile(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION reporting.t_definer(int) RETURNS int LANGUAGE sql STABLE SECURITY DEFINER
          AS 'SELECT 1';
        CREATE FUNCTION reporting.t_both(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
        CREATE FUNCTION reporting.t_both(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION reporting.t_step(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE AGGREGATE reporting.t_wild(int) (SFUNC = reporting.t_step, STYPE = int);
        CREATE AGGREGATE reporting.t_calm(int) (SFUNC = int4larger, STYPE = int)
    """
    dropped = (
        "DROP AGGREGATE reporting.t_wild(int), reporting.t_calm(int);"
        "DROP FUNCTION reporting.t_stable, reporting.t_volatile, reporting.t_definer,"
        " reporting.t_both(int), reporting.t_both(text), reporting.t_step"
    )
    execute(engine.superuser_dsn, made)
    try:
        forget_policy()
        policy = current_policy(Ticket("alice", "1"))
    finally:
        execute(engine.superuser_dsn, dropped)
    verdicts = {
        name: policy.function("reporting", f"t_{name}")
        for name in ("stable", "calm", "volatile", "definer", "both", "step", "wild", "none")
    }
    assert [name for name, said in verdicts.items() if said is Verdict.ALLOWED] == [
        "stable",
        "calm",
    ]
    assert verdicts["none"] is Verdict.UNKNOWN


@pytest.mark.proves("SESSION-LEXER")
def test_session_that_reads_strings_otherwise_is_refused(
    engine: LocalDatabase,
) -> None:
    from django.db import connections

    from fleetmcp.analytics.connection import drop_connection
    from fleetmcp.analytics.errors import DatabaseUnavailable

    options = connections.settings["analytics_ro"]["OPTIONS"]
    before = dict(options)
    options["options"] = "-c standard_conforming_strings=off"
    forget_policy()
    drop_connection()
    try:
        with pytest.raises(DatabaseUnavailable, match="read strings"):
            current_policy(Ticket("alice", "1"))
    finally:
        options.update(before)
        drop_connection()
