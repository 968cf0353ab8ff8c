"""What the catalog tells an analyst: everything that the role may read, and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from pytest_django import DjangoDbBlocker, Settings

from fleetmcp.analytics import catalog
from fleetmcp.analytics.errors import Code, QueryRefused
from fleetmcp.analytics.guard.policy import Verdict
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.queries import run_select
from fleetmcp.analytics.snapshot import current_policy, forget_policy
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import Cluster, LocalDatabase, Size, apply_role
from scripts.demo_db.load import DATABASE, Loaded, load
from tests.conftest import AS_OF
from tests.database import execute
from tests.demo_db.conftest import SERVERS
from tests.engine import timescale as on_timescale
from tests.engine.timescale import PASSWORD, pointed_at
from tests.guard.test_guard_table import check

timescale, timescale_engine = on_timescale.timescale, on_timescale.timescale_engine

TICKET = Ticket("alice", "1")
LIMITS = limits_for(1000)

LAB = """
CREATE SCHEMA lab;
CREATE SCHEMA vault;
CREATE TABLE vault.owners (id int PRIMARY KEY, name text);
CREATE TABLE vault.plans (id int PRIMARY KEY);
CREATE TABLE lab.people (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, city varchar(20) NOT NULL DEFAULT 'Nairobi',
    phone text, grade "char", twice int GENERATED ALWAYS AS (1 + 1) STORED,
    owner_id int REFERENCES vault.owners, note text, manager int REFERENCES lab.people);
CREATE TABLE vault.gifts (person int REFERENCES lab.people);
INSERT INTO lab.people (city, phone, note)
    SELECT CASE WHEN i % 3 = 0 THEN 'Mombasa' ELSE 'Nairobi' END, '+2547' || i % 2,
           repeat('long ', 20) || i % 2 FROM generate_series(1, 600) i;
CREATE VIEW lab.v_people AS SELECT id, city, phone FROM lab.people;
CREATE MATERIALIZED VIEW lab.m_people AS SELECT city, phone FROM lab.people;
CREATE INDEX people_city ON lab.people (city, lower(note)) WHERE phone IS NOT NULL;
CREATE TABLE lab.readings (at timestamptz NOT NULL, litres numeric(6,1)) PARTITION BY RANGE (at);
CREATE TABLE lab.readings_1 PARTITION OF lab.readings
    FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE lab.readings_2 PARTITION OF lab.readings
    FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')
    PARTITION BY RANGE (at);
CREATE TABLE lab.readings_2a PARTITION OF lab.readings_2 DEFAULT;
CREATE INDEX ON lab.readings (at);
INSERT INTO lab.readings SELECT timestamptz '2026-01-01' + i * interval '1 hour', i
    FROM generate_series(0, 999) i;
ANALYZE lab.people; ANALYZE lab.m_people; ANALYZE lab.readings; ANALYZE vault.owners;
CREATE FUNCTION lab.stable(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION lab.mixed(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION lab.mixed(text) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE FUNCTION lab.definer() RETURNS int LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION lab.closed() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION lab.step(int, int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE AGGREGATE lab.sneaky(int) (SFUNC = lab.step, STYPE = int);
CREATE FUNCTION lab.fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
REVOKE EXECUTE ON FUNCTION lab.closed() FROM PUBLIC;
COMMENT ON FUNCTION lab.stable(int) IS 'Always one';
GRANT USAGE ON SCHEMA lab TO analytics_ro;
GRANT SELECT (id, city, grade, twice, owner_id, note, manager) ON lab.people TO analytics_ro;
GRANT SELECT (id, city) ON lab.v_people TO analytics_ro;
GRANT SELECT (city) ON lab.m_people TO analytics_ro;
GRANT SELECT ON lab.readings TO analytics_ro;
"""
NO_LAB = "DROP SCHEMA IF EXISTS lab, vault CASCADE"


@contextmanager
def lab_in(dsn: str, settings: Settings) -> Iterator[None]:
    """Make the schemas ``lab`` (readable) and ``vault`` (not) for a while."""
    execute(dsn, LAB)
    settings.ANALYTICS_SCHEMAS = ["reporting", "tracksolid", "lab"]
    forget_policy()
    try:
        yield
    finally:
        execute(dsn, NO_LAB)
        forget_policy()


@pytest.fixture
def lab(engine: LocalDatabase, settings: Settings) -> Iterator[str]:
    """Yield the superuser's DSN of a database that has the lab."""
    with lab_in(engine.superuser_dsn, settings):
        yield engine.superuser_dsn


def described(schema: str, table: str) -> dict[str, Any]:
    """Return the description as a plain dict."""
    return dict(catalog.describe_table(schema, table, TICKET, LIMITS))


def tables(schema: str) -> dict[str, Any]:
    """Return the tables of a schema by name."""
    return {one["name"]: one for one in catalog.list_tables(schema, TICKET, LIMITS)}


def columns(description: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a description by name."""
    return {one["name"]: one for one in description["columns"]}


@pytest.mark.proves("CATALOG-TABLES")
def test_tables_have_kind_comment_rows_and_size_and_views_only_what_they_have(
    engine: LocalDatabase,
) -> None:
    found = tables("reporting")
    assert found["v_trips"]["kind"] == "materialized view"
    assert found["v_trips"]["estimated_rows"] > 1000
    assert found["v_trips"]["size"].endswith("kB")
    assert set(found["v_daily_summary"]) == {"name", "kind", "comment"}
    schemas = {one["name"]: one for one in catalog.list_schemas(TICKET, LIMITS)}
    assert schemas["reporting"]["tables"] == len(found)
    assert schemas["reporting"]["comment"].startswith("Start here")


@pytest.mark.proves("CATALOG-FOLDED")
def test_partitions_are_counted_in_their_table_and_not_listed(lab: str) -> None:
    found = tables("lab")
    assert set(found) == {"people", "v_people", "m_people", "readings"}
    readings = found["readings"]
    assert (readings["kind"], readings["estimated_rows"]) == ("partitioned table", 1000)
    assert readings["size"] != "0 bytes"
    told = described("lab", "readings")
    assert told["partition_key"] == "RANGE (at)"
    assert (told["time_column"], told["oldest"]) == ("at", "2026-01-01 00:00:00+00")
    assert told["newest"] == "2026-02-11 15:00:00+00"


@pytest.mark.proves("CATALOG-COLUMNS")
def test_columns_have_exact_type_default_and_nullability(lab: str) -> None:
    found = columns(described("lab", "people"))
    assert found["city"]["type"] == "character varying(20)"
    assert found["city"]["default"] == "'Nairobi'::character varying"
    assert found["city"]["nullable"] is False
    assert found["id"]["default"] == "generated as identity"
    assert found["twice"]["default"] == "generated always as ((1 + 1))"
    assert "default" not in found["note"]
    assert "comment" not in found["note"]


@pytest.mark.proves("CATALOG-KEYS")
def test_keys_and_indexes_are_told_to_a_role_that_may_only_select(engine: LocalDatabase) -> None:
    found = described("tracksolid", "devices")
    assert found["primary_key"] == ["imei"]
    assert found["foreign_keys"] == [
        "cost_centre_code -> reporting.cost_centres (code)",
        "driver_id -> tracksolid.drivers (driver_id)",
    ]
    assert "tracksolid.trips (imei)" in found["referenced_by"]
    assert "unique btree (vehicle_number)" in found["indexes"]


@pytest.mark.proves("CATALOG-KEYS", "CATALOG-ONLY-READABLE")
def test_tables_that_the_role_cannot_read_are_named_nowhere(lab: str) -> None:
    found = described("lab", "people")
    assert found["foreign_keys"] == ["manager -> lab.people (id)"]
    assert found["referenced_by"] == ["lab.people (manager)"]
    assert found["indexes"] == ["btree (city, lower(note)) WHERE (phone IS NOT NULL)"]
    assert "vault" not in str(found)


@pytest.mark.proves("CATALOG-UNREADABLE-COLUMN")
def test_unreadable_column_is_marked_and_shows_no_value(lab: str) -> None:
    for table in ("people", "v_people", "m_people"):
        found = described("lab", table)
        assert columns(found)["phone"]["readable"] is False
        assert "readable" not in columns(found)["city"]
        assert "+2547" not in str(found)
    assert columns(described("lab", "m_people"))["city"]["common_values"] == ["Nairobi", "Mombasa"]


@pytest.mark.proves("CATALOG-UNREADABLE-COLUMN")
def test_sample_leaves_unreadable_columns_out(lab: str) -> None:
    sql = catalog.sample_sql("lab", "v_people", TICKET, LIMITS)
    assert sql == 'SELECT "id", "city" FROM "lab"."v_people"'
    policy = current_policy(TICKET)
    result = run_select(check(sql, policy), policy, TICKET, limits_for(3))
    assert len(result.rows) == 3
    whole = catalog.sample_sql("tracksolid", "trips", TICKET, LIMITS)
    assert whole == 'SELECT * FROM "tracksolid"."trips"'


@pytest.mark.proves("CATALOG-COMMON-VALUES")
def test_columns_with_few_values_show_them_shortened_and_others_none(lab: str) -> None:
    found = columns(described("lab", "people"))
    assert found["city"]["common_values"] == ["Nairobi", "Mombasa"]
    assert all(len(value) == 41 for value in found["note"]["common_values"])
    assert "common_values" not in found["id"]


@pytest.mark.proves("CATALOG-COMMON-VALUES")
def test_row_security_hides_common_values(lab: str) -> None:
    execute(lab, "ALTER TABLE lab.people ENABLE ROW LEVEL SECURITY")
    assert "common_values" not in str(described("lab", "people"))


@pytest.mark.proves("CATALOG-FRESH")
def test_time_column_with_an_index_tells_how_fresh_the_data_is(engine: LocalDatabase) -> None:
    found = described("tracksolid", "trips")
    assert found["time_column"] == "start_time"
    ((oldest, newest),) = execute(
        engine.superuser_dsn,
        "SET timezone = 'UTC'; SELECT min(start_time)::text, max(start_time)::text"
        " FROM tracksolid.trips",
    )
    assert (found["oldest"], found["newest"]) == (oldest, newest)
    assert "time_column" not in described("tracksolid", "devices")


@contextmanager
def locked(dsn: str, table: str) -> Iterator[None]:
    """Hold the lock that REFRESH MATERIALIZED VIEW and ALTER TABLE take."""
    connection = psycopg2.connect(dsn)
    try:
        connection.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        connection.close()


@pytest.mark.proves("CATALOG-LOCKED")
def test_table_that_is_being_changed_is_listed_and_described_without_waiting(
    engine: LocalDatabase,
) -> None:
    patient = replace(LIMITS, statement_ms=60_000)
    with locked(engine.superuser_dsn, "tracksolid.trips, tracksolid.devices"):
        assert "size" not in tables("tracksolid")["trips"]
        assert "size" in tables("tracksolid")["alarms"]
        for table in ("trips", "devices"):
            found = catalog.describe_table("tracksolid", table, TICKET, patient)
            assert found["notes"][0].startswith("The table is being changed")
            assert found["primary_key"]
            assert not {"size", "indexes", "oldest"} & set(found)
        assert "definition" not in described("reporting", "v_daily_summary")
        assert catalog.search_catalog("trips", TICKET, LIMITS)
    assert "indexes" in described("tracksolid", "trips")


@pytest.mark.proves("CATALOG-VIEW")
def test_view_shows_its_definition_cut_when_long(lab: str) -> None:
    assert "FROM lab.people" in described("lab", "v_people")["definition"]
    long = " UNION ALL ".join(["SELECT 'some text' AS text"] * 400)
    execute(lab, f"CREATE VIEW lab.v_long AS {long}; GRANT SELECT ON lab.v_long TO analytics_ro")
    definition = described("lab", "v_long")["definition"]
    assert (len(definition), definition[-1]) == (4001, "…")


@pytest.mark.proves("CATALOG-CAPS")
def test_very_wide_table_and_many_indexes_are_cut_and_say_so(lab: str) -> None:
    wide = ", ".join(f"c{i} int" for i in range(400))
    indexes = ";".join(f"CREATE INDEX ON lab.wide (c{i})" for i in range(30))
    execute(
        lab, f"CREATE TABLE lab.wide ({wide}); {indexes};GRANT SELECT ON lab.wide TO analytics_ro"
    )
    found = described("lab", "wide")
    assert len(found["columns"]) == 300
    assert found["notes"] == [
        "Only the first 300 of 400 columns are here: search_catalog finds the others by name."
    ]
    assert (len(found["indexes"]), found["indexes"][-1]) == (21, "… and 10 more")


@pytest.mark.proves("CATALOG-FUNCTIONS")
def test_functions_are_callable_exactly_when_the_guard_and_the_role_allow(lab: str) -> None:
    found = catalog.list_functions("lab", TICKET, LIMITS)
    callable_ones = {one["name"] for one in found if one["callable"]}
    assert callable_ones == {"stable"}
    assert {one["name"] for one in found} == {
        "stable", "mixed", "definer", "closed", "step", "sneaky",
    }  # fmt: skip
    policy = current_policy(TICKET)
    by_guard = {
        one["name"] for one in found if policy.function("lab", one["name"]) is Verdict.ALLOWED
    }
    assert by_guard == {"stable", "closed"}
    stable = next(one for one in found if one["name"] == "stable")
    assert stable == {
        "name": "stable", "arguments": "integer", "returns": "integer", "volatility": "stable",
        "callable": True, "comment": "Always one",
    }  # fmt: skip


@pytest.mark.proves("CATALOG-NEAREST")
def test_unknown_table_gives_the_nearest_readable_names(lab: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        described("reporting", "trips")
    assert refused.value.code is Code.UNKNOWN_RELATION
    assert "tracksolid.trips or reporting.v_trips" in refused.value.hint
    with pytest.raises(QueryRefused) as refused:
        catalog.sample_sql("lab", "owners", TICKET, LIMITS)
    assert "vault" not in str(refused.value)


@pytest.mark.proves("CATALOG-NEAREST")
@pytest.mark.parametrize(
    "name", ["", "a\x00b", "\ud800", "x' OR '1'='1", 'x"; DROP', "\\", "{schema}", "%s", "é" * 200]
)
def test_hostile_name_is_an_unknown_table(engine: LocalDatabase, name: str) -> None:
    for look_up in (catalog.describe_table, catalog.sample_sql):
        with pytest.raises(QueryRefused) as refused:
            look_up("reporting", name, TICKET, LIMITS)
        assert refused.value.code is Code.UNKNOWN_RELATION
        str(refused.value).encode()


@pytest.mark.proves("CATALOG-NEAREST")
def test_other_schema_is_refused_with_the_readable_ones(engine: LocalDatabase) -> None:
    for look_up in (catalog.list_tables, catalog.list_functions):
        with pytest.raises(QueryRefused, match="Readable schemas: reporting, tracksolid"):
            look_up("pg_catalog", TICKET, LIMITS)


HYPER = """
CREATE SCHEMA chunks; CREATE SCHEMA secret;
CREATE TABLE tracksolid.pings (at timestamp NOT NULL, n int);
SELECT public.create_hypertable('tracksolid.pings', 'at', chunk_time_interval => interval '1 day',
    associated_schema_name => 'tracksolid');
INSERT INTO tracksolid.pings SELECT timestamp '2026-01-01' + i * interval '1 hour', i
    FROM generate_series(0, 71) i;
CREATE TABLE secret.hidden (at timestamptz NOT NULL);
SELECT public.create_hypertable('secret.hidden', 'at');
GRANT SELECT ON tracksolid.pings TO analytics_ro; ANALYZE tracksolid.pings;
"""
NO_HYPER = "DROP TABLE tracksolid.pings; DROP SCHEMA secret CASCADE; DROP SCHEMA chunks"


@pytest.mark.proves("CATALOG-TIMESCALE")
def test_hypertable_has_size_dimension_interval_and_freshness(timescale_engine: str) -> None:
    found = described("tracksolid", "position_history")
    assert found["kind"] == "hypertable"
    assert found["estimated_rows"] > 10_000
    assert found["size"].endswith("kB")
    assert (found["time_column"], found["chunk_interval"]) == ("gps_time", "7 days")
    assert found["chunks"] == 5
    ends = execute(
        timescale_engine,
        "SET timezone = 'UTC'; SELECT min(gps_time)::text, max(gps_time)::text"
        " FROM tracksolid.position_history",
    )
    assert ends == [(found["oldest"], found["newest"])]
    assert columns(found)["geom"]["type"] == "geometry(Point,4326)"
    assert "_hyper" not in str(found)


@pytest.mark.proves("CATALOG-TIMESCALE", "CATALOG-FOLDED")
def test_chunks_in_a_readable_schema_and_hidden_hypertables_are_not_shown(
    timescale_engine: str,
) -> None:
    execute(timescale_engine, HYPER)
    try:
        found = tables("tracksolid")
        assert not any("chunk" in name for name in found)
        assert (found["pings"]["kind"], found["pings"]["estimated_rows"]) == ("hypertable", 72)
        pings = described("tracksolid", "pings")
        assert (pings["oldest"], pings["newest"]) == ("2026-01-01 00:00:00", "2026-01-03 23:00:00")
        with pytest.raises(QueryRefused) as refused:
            described("tracksolid", "hidden")
        assert "secret" not in str(refused.value)
    finally:
        execute(timescale_engine, NO_HYPER)


@pytest.mark.proves("CATALOG-VERSIONS")
@pytest.mark.parametrize("programs", SERVERS)
def test_every_postgresql_version_answers_alike(
    programs: Path, settings: Settings, django_db_blocker: DjangoDbBlocker
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="catalog-test-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "old", settings={"fsync": "off"}, bin_dir=programs)
    cluster.create()
    cluster.start()
    try:
        load(cluster, Loaded(AS_OF, Size(14, 2, 600)), lambda done, total, what: None)
        apply_role(programs / "psql", cluster.superuser_dsn(DATABASE), PASSWORD, {})
        dsn = f"postgresql://analytics_ro:{PASSWORD}@127.0.0.1:{cluster.port}/{DATABASE}"
        with django_db_blocker.unblock(), pointed_at(dsn):
            with lab_in(cluster.superuser_dsn(DATABASE), settings):
                assert described("lab", "people")["primary_key"] == ["id"]
                assert set(tables("lab")) == {"people", "v_people", "m_people", "readings"}
                assert catalog.search_catalog("people city", TICKET, LIMITS)
                assert catalog.list_functions("lab", TICKET, LIMITS)
            assert described("tracksolid", "position_history")["foreign_keys"]
    finally:
        cluster.remove()
        folder.rmdir()
