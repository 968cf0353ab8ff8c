"""The demo's rows: complete, explained, and the same everywhere."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from scripts.demo_db import DEMO, Cluster, LocalDatabase, Size, fingerprint, prepare
from scripts.demo_db.load import DATABASE, Loaded, load, loaded
from scripts.demo_db.session import session
from tests.demo_db.conftest import AS_OF, FAST, SERVERS

ROOT = Path(__file__).resolve().parents[2]
SMALL = Size(vehicles=14, days=2, step=120)
RELATIONS = {
    "tracksolid": "devices drivers position_history live_positions trips alarms fuel_readings"
    " parking_events",
    "reporting": "cost_centres inc_tickets refresh_log v_trips v_daily_summary"
    " v_monthly_cost_centre v_fuel_daily v_live_positions",
}
FUNCTIONS = {"fn_vehicle_track", "fn_cost_centre_distance", "fn_live_positions"}
# Changes only when the generator does; then raise GENERATION in load.py as well.
POSITIONS = "409085 ef4c786d8cc1e4e118252add97686db3"
DAILY = "1200 f067becc9ca5885a020e3157ad22e304"


@pytest.fixture(scope="module", params=SERVERS)
def cluster(request: pytest.FixtureRequest, open_folder: Path) -> Iterator[Cluster]:
    bin_dir: Path = request.param
    filled = Cluster(open_folder / bin_dir.parent.name, settings=FAST, bin_dir=bin_dir)
    filled.create()
    filled.start()
    load(filled, Loaded(AS_OF, DEMO), lambda done, total, what: None)
    yield filled
    filled.remove()


@pytest.fixture(scope="module")
def home(open_folder: Path) -> Iterator[Path]:
    folder = open_folder / "prepared"
    yield folder
    Cluster(folder, settings=FAST).remove()


def rows(cluster: Cluster, question: str) -> list[tuple[object, ...]]:
    with session(cluster, DATABASE) as cursor:
        cursor.execute(question)
        return cursor.fetchall()


def small_database(home: Path, as_of: date | None = AS_OF) -> LocalDatabase:
    return prepare(
        home, as_of=as_of, settings=FAST, size=SMALL, progress=lambda done, total, what: None
    )


@pytest.mark.proves("DEMO-SAME")
def test_same_date_gives_the_same_rows_on_every_postgresql(cluster: Cluster) -> None:
    assert fingerprint(cluster)["tracksolid.position_history"] == POSITIONS
    assert fingerprint(cluster)["reporting.v_daily_summary"] == DAILY


@pytest.mark.proves("DEMO-OBJECTS")
def test_every_object_of_the_field_is_there_and_belongs_to_the_owner(cluster: Cluster) -> None:
    found = rows(
        cluster,
        "SELECT relnamespace::regnamespace::text || '.' || relname, relowner::regrole::text,"
        " relkind::text FROM pg_class WHERE relkind IN ('r', 'v', 'm')"
        " AND relnamespace IN ('tracksolid'::regnamespace, 'reporting'::regnamespace)",
    )
    wanted = {f"{schema}.{name}" for schema, names in RELATIONS.items() for name in names.split()}
    assert {name for name, _, _ in found} == wanted
    assert {owner for _, owner, _ in found} == {"tracksolid_owner"}
    assert [name for name, _, kind in found if kind == "m"] == ["reporting.v_trips"]


@pytest.mark.proves("DEMO-OBJECTS")
def test_functions_run_with_the_callers_rights_and_change_nothing(cluster: Cluster) -> None:
    found = rows(
        cluster,
        "SELECT proname::text, provolatile::text, prosecdef FROM pg_proc"
        " WHERE pronamespace IN ('tracksolid'::regnamespace, 'reporting'::regnamespace)",
    )
    assert set(found) == {(name, "s", False) for name in FUNCTIONS}


@pytest.mark.proves("DEMO-COMMENTS")
def test_every_schema_table_view_column_and_function_is_explained(cluster: Cluster) -> None:
    mute = rows(
        cluster,
        "WITH ours AS (SELECT oid FROM pg_namespace WHERE nspname IN ('tracksolid', 'reporting'))"
        " SELECT nspname::text FROM pg_namespace JOIN ours USING (oid)"
        "  WHERE obj_description(oid, 'pg_namespace') IS NULL"
        " UNION ALL SELECT c.oid::regclass || '.' || attname"
        "   FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid"
        "  WHERE relnamespace IN (SELECT oid FROM ours) AND relkind IN ('r', 'v', 'm')"
        "    AND attnum >= 0 AND col_description(c.oid, attnum) IS NULL"
        " UNION ALL SELECT oid::regclass::text FROM pg_class"
        "  WHERE relnamespace IN (SELECT oid FROM ours) AND relkind IN ('r', 'v', 'm')"
        "    AND obj_description(oid, 'pg_class') IS NULL"
        " UNION ALL SELECT oid::regprocedure::text FROM pg_proc"
        "  WHERE pronamespace IN (SELECT oid FROM ours)"
        "    AND obj_description(oid, 'pg_proc') IS NULL",
    )
    assert mute == []


@pytest.mark.proves("DEMO-SIZE")
def test_demo_has_forty_vehicles_thirty_days_and_four_hundred_thousand_positions(
    cluster: Cluster,
) -> None:
    counted = rows(
        cluster,
        "SELECT (SELECT count(*) FROM tracksolid.devices),"
        " (SELECT count(DISTINCT day) FROM reporting.v_daily_summary),"
        " (SELECT count(*) FROM reporting.v_daily_summary),"
        " (SELECT count(*) BETWEEN 380000 AND 420000 FROM tracksolid.position_history)",
    )
    assert counted == [(40, 30, 1200, True)]


@pytest.mark.proves("DEMO-PLAUSIBLE")
@pytest.mark.parametrize(
    "impossible",
    [
        # a trip that begins before the one before has ended
        "SELECT FROM (SELECT start_time, lag(end_time) OVER (PARTITION BY imei ORDER BY start_time)"
        " AS before FROM tracksolid.trips) t WHERE start_time < before",
        # a vehicle that jumps: faster than 140 km/h between two fixes
        "SELECT FROM (SELECT extract(epoch FROM gps_time - lag(gps_time) OVER track) AS seconds,"
        " 111320 * sqrt((lat - lag(lat) OVER track) ^ 2 + (lng - lag(lng) OVER track) ^ 2) AS m"
        " FROM tracksolid.position_history WINDOW track AS (PARTITION BY imei ORDER BY gps_time)) p"
        " WHERE m > 140 / 3.6 * seconds",
        # an odometer that runs backwards
        "SELECT FROM (SELECT current_mileage, lag(current_mileage) OVER (PARTITION BY imei"
        " ORDER BY gps_time) AS before FROM tracksolid.position_history) p"
        " WHERE current_mileage < before",
        "SELECT FROM tracksolid.fuel_readings f JOIN tracksolid.devices d USING (imei)"
        " WHERE level_l NOT BETWEEN 0 AND tank_litres",
        "SELECT FROM tracksolid.position_history p JOIN tracksolid.trips t ON t.imei = p.imei"
        " AND p.gps_time BETWEEN t.start_time AND t.end_time WHERE p.speed > t.max_speed",
        "SELECT FROM reporting.inc_tickets WHERE (resolved_at IS NULL) <>"
        " (status IN ('open', 'in progress')) OR resolved_at < dispatched_at",
    ],
)
def test_nothing_impossible_happens(cluster: Cluster, impossible: str) -> None:
    assert rows(cluster, f"SELECT count(*) FROM ({impossible}) x") == [(0,)]


@pytest.mark.proves("DEMO-PLAUSIBLE")
def test_every_kind_of_event_occurs(cluster: Cluster) -> None:
    counted = rows(
        cluster,
        "SELECT (SELECT count(DISTINCT alarm_type_name) FROM tracksolid.alarms),"
        " (SELECT count(DISTINCT event) FROM tracksolid.fuel_readings),"
        " (SELECT count(DISTINCT priority) FROM reporting.inc_tickets),"
        " (SELECT count(DISTINCT city) FROM reporting.v_trips),"
        " (SELECT count(DISTINCT state) > 0 FROM reporting.v_live_positions)",
    )
    assert counted == [(9, 3, 4, 3, True)]


@pytest.mark.proves("DEMO-QUESTION")
def test_top_ten_cost_centres_by_distance_is_one_simple_query(cluster: Cluster) -> None:
    since = AS_OF - timedelta(days=30)
    from_view = rows(
        cluster,
        "SELECT cost_centre, sum(distance_km) FROM reporting.v_daily_summary"
        f" WHERE day >= '{since}' GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
    )
    from_function = rows(
        cluster,
        "SELECT cost_centre, distance_km"
        f" FROM reporting.fn_cost_centre_distance('{since}', '{AS_OF}') LIMIT 10",
    )
    assert len(from_view) == 10
    assert from_view == from_function


@pytest.mark.proves("DEMO-QUESTION")
def test_functions_find_a_vehicle_by_plate_and_a_cost_centre_by_code(cluster: Cluster) -> None:
    found = rows(
        cluster,
        "SELECT count(track.*) > 0, (SELECT count(*) FROM reporting.fn_live_positions('CC-101')),"
        " (SELECT count(*) FROM reporting.fn_live_positions())"
        " FROM (SELECT vehicle_number, start_time, end_time FROM reporting.v_trips LIMIT 1) t,"
        " reporting.fn_vehicle_track(t.vehicle_number, t.start_time, t.end_time) track",
    )
    assert found == [(True, 4, 40)]


@pytest.mark.proves("DEMO-RESUME")
def test_load_killed_half_way_is_completed_by_the_next_run(home: Path) -> None:
    dies = (
        "import os, signal; from datetime import date; from pathlib import Path\n"
        "from scripts.demo_db import Size, prepare\n"
        "def tell(done, total, what):\n"
        "    if what == 'views': os.kill(os.getpid(), signal.SIGKILL)\n"
        f"prepare(Path({str(home)!r}), as_of=date(2026, 11, 21), settings={dict(FAST)!r},"
        " size=Size(14, 2, 120), progress=tell)"
    )
    done = subprocess.run([sys.executable, "-c", dies], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL

    local = small_database(home)

    assert loaded(local.cluster) == Loaded(AS_OF, SMALL)
    assert rows(local.cluster, "SELECT count(*) FROM reporting.v_daily_summary") == [(28,)]


@pytest.mark.proves("DEMO-RESUME")
def test_second_run_keeps_data_and_password(home: Path) -> None:
    first = small_database(home)
    steps: list[str] = []

    second = prepare(
        home, settings=FAST, size=SMALL, progress=lambda done, total, what: steps.append(what)
    )

    assert steps == []
    assert second.analytics_dsn == first.analytics_dsn
    assert (home / "analytics_ro.pw").stat().st_mode & 0o777 == 0o600


@pytest.mark.proves("DEMO-RESUME")
def test_another_date_loads_anew_and_progress_counts_up_to_the_end(home: Path) -> None:
    small_database(home)
    seen: list[tuple[int, int]] = []

    local = prepare(
        home,
        as_of=AS_OF - timedelta(days=9),
        settings=FAST,
        size=SMALL,
        progress=lambda done, total, what: seen.append((done, total)),
    )

    assert seen == [(done, seen[0][1]) for done in range(seen[0][1] + 1)]
    last = rows(local.cluster, "SELECT max(day) FROM reporting.v_daily_summary")
    assert last == [(AS_OF - timedelta(days=10),)]


@pytest.mark.proves("DEMO-RESUME")
def test_without_a_date_the_data_ends_yesterday(open_folder: Path) -> None:
    before = datetime.now(UTC).date()
    local = small_database(open_folder / "today", as_of=None)
    found = loaded(local.cluster)
    local.cluster.remove()

    assert found is not None
    assert before <= found.as_of <= datetime.now(UTC).date()


@pytest.mark.proves("DEMO-PRIVATE")
def test_representation_of_the_database_shows_no_password(home: Path) -> None:
    local = small_database(home)

    assert (home / "analytics_ro.pw").read_text().strip() in local.analytics_dsn
    assert "@" not in repr(local)
