"""The same data and the same role where TimescaleDB and PostGIS are."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.demo_db import Cluster, RoleError, Size, apply_role, binaries, fingerprint, ports
from scripts.demo_db.load import DATABASE, Loaded, load
from scripts.demo_db.session import session
from tests.demo_db.conftest import AS_OF, FAST
from tests.demo_db.roles import PASSWORD

STARTER = Path(__file__).resolve().parents[2] / "scripts" / "trixie_postgres"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
SIZE = Size(14, 9, 600)


@dataclass(frozen=True)
class Timescale:
    """PostgreSQL 17 with both extensions, in a Debian of its own."""

    socket_dir: str
    port: int

    def superuser_dsn(self, dbname: str) -> str:
        return f"host={self.socket_dir} port={self.port} user=postgres dbname={dbname}"

    def ask(self, question: str) -> list[tuple[object, ...]]:
        with session(self, DATABASE) as cursor:
            cursor.execute(question)
            return cursor.fetchall()


@pytest.fixture(scope="module")
def timescale(open_folder: Path) -> Iterator[Timescale]:
    if os.geteuid() != 0 or not (CACHE / "fleetmcp" / "trixie-pg17").exists():
        pytest.skip("no TimescaleDB here: as root, run scripts/trixie_postgres build")
    data, port = open_folder / "timescale", ports.pick()
    started = subprocess.run(
        [STARTER, "start", data, str(port)], stdout=subprocess.PIPE, text=True, check=False
    )
    if started.returncode == 3:
        pytest.skip("TimescaleDB can't run here: scripts/trixie_postgres says why")
    started.check_returncode()
    server = Timescale(started.stdout.strip(), port)
    load(server, Loaded(AS_OF, SIZE), lambda done, total, what: None)
    yield server
    subprocess.run([STARTER, "stop", data], check=True)


@pytest.mark.proves("DEMO-EXTENSIONS", "DEMO-SAME")
def test_hypertable_and_points_hold_the_same_rows_as_plain_tables(
    timescale: Timescale, plain_rows: dict[str, str]
) -> None:
    assert fingerprint(timescale) == plain_rows
    assert timescale.ask(
        "SELECT hypertable_name::text, num_chunks > 1 FROM timescaledb_information.hypertables"
    ) == [("position_history", True)]
    assert timescale.ask(
        "SELECT count(*) FROM tracksolid.position_history"
        " WHERE public.st_y(geom) IS DISTINCT FROM lat OR public.st_x(geom) IS DISTINCT FROM lng"
    ) == [(0,)]


@pytest.mark.proves("DEMO-EXTENSIONS", "ROLE-DENIED")
def test_denied_column_of_a_hypertable_is_closed_in_its_chunks_too(timescale: Timescale) -> None:
    psql = binaries.find_bin_dir() / "psql"
    dsn = timescale.superuser_dsn(DATABASE)
    for variables in ({}, {"denied": "tracksolid.position_history.speed"}, {}):
        apply_role(psql, dsn, PASSWORD, variables)

    readable = timescale.ask(
        "SELECT DISTINCT has_column_privilege('analytics_ro', oid, 'lat', 'SELECT'),"
        " has_column_privilege('analytics_ro', oid, 'speed', 'SELECT') FROM pg_class"
        " WHERE relname = 'position_history' OR relname ~ '^_hyper_.*_chunk$' AND relkind = 'r'"
    )
    assert readable == [(True, False)]


@pytest.mark.proves("DEMO-EXTENSIONS", "ROLE-IDEMPOTENT", "ROLE-CLEAR-ERRORS")
def test_role_script_runs_again_and_says_what_is_wrong_beside_the_extensions(
    timescale: Timescale,
) -> None:
    psql, dsn = binaries.find_bin_dir() / "psql", timescale.superuser_dsn(DATABASE)
    apply_role(psql, dsn, PASSWORD, {"denied": ""})
    before = timescale.ask(RIGHTS)
    timescale.ask("DO $$ BEGIN CREATE ROLE plain LOGIN PASSWORD 'plain'; END $$; SELECT 1")
    wrong = {
        "has no schema fuel": (dsn, {"schemas": "reporting,fuel"}),
        'database "postgres" has no schema': (timescale.superuser_dsn("postgres"), {}),
        '"plain" is not a superuser': (
            f"postgresql://plain:plain@127.0.0.1:{timescale.port}/{DATABASE}", {}
        ),
    }  # fmt: skip
    for sentence, (where, variables) in wrong.items():
        with pytest.raises(RoleError, match=sentence):
            apply_role(psql, where, PASSWORD, variables)

    apply_role(psql, dsn, PASSWORD, {"denied": ""})

    assert timescale.ask(RIGHTS) == before


RIGHTS = """
SELECT c.oid::regclass::text, relacl::text FROM pg_class c WHERE relacl::text ~ 'analytics_ro'
UNION ALL SELECT oid::regprocedure::text, proacl::text FROM pg_proc WHERE proacl::text ~ 'analytics'
UNION ALL SELECT 'role', to_jsonb(r)::text FROM pg_roles r WHERE rolname = 'analytics_ro'
ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def plain_rows(open_folder: Path) -> Iterator[dict[str, str]]:
    plain = Cluster(open_folder / "plain", settings=FAST)
    plain.create()
    plain.start()
    load(plain, Loaded(AS_OF, SIZE), lambda done, total, what: None)
    yield fingerprint(plain)
    plain.remove()
