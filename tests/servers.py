"""The PostgreSQL servers that the guard and the session are proven on, each with fleet data."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db import connections
from psycopg2 import errors

from fleetmcp import env
from scripts.demo_db import Cluster, LocalDatabase, Size, apply_role, binaries, ports
from scripts.demo_db.load import DATABASE, Loaded, load
from scripts.demo_db.role import ROLE
from scripts.demo_db.session import Server
from tests.database import execute

STARTER = Path(__file__).resolve().parents[1] / "scripts" / "trixie_postgres"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
POSTGIS_15 = Path("/usr/share/postgresql/15/extension/postgis.control")
LOADED = Loaded(date(2026, 11, 1), Size(14, 9, 600))
PASSWORD = "correct-horse-battery-staple-2"

# What analysts may meet, and what an attacker would like to meet.
CONTRIBUTED = (
    "pg_trgm hstore ltree unaccent fuzzystrmatch cube earthdistance citext intarray btree_gist "
    "pgcrypto dblink tablefunc pageinspect pgrowlocks pg_stat_statements xml2 pg_prewarm "
    "tsm_system_rows"
).split()
FEATURES = """
SELECT extname::text FROM pg_extension
UNION SELECT proname::text FROM pg_proc WHERE proname = 'lockrow'
"""
# The licence decides what TimescaleDB answers: gap filling is not in the Apache part.
TSL = "SELECT current_setting('timescaledb.license', true)"
SECRET = """
CREATE SCHEMA secret;
CREATE TABLE secret.salaries (id text, name text, amount int);
INSERT INTO secret.salaries VALUES ('1', 'Alice', 100);
"""


class Missing(Exception):
    """This machine can't run the server; the text says what would help."""


@dataclass(frozen=True)
class FleetServer:
    """A running server with its version, its extensions, and both ways in."""

    server: Server
    analytics_dsn: str
    major: int
    extensions: frozenset[str]

    def superuser_dsn(self, dbname: str = DATABASE) -> str:
        return self.server.superuser_dsn(dbname)

    def ask(self, question: str) -> list[tuple[object, ...]]:
        """Return what the superuser is told."""
        return execute(self.superuser_dsn(), question)

    def __repr__(self) -> str:
        return f"FleetServer({self.major})"  # the DSN holds a password


@dataclass(frozen=True)
class Trixie:
    """PostgreSQL 17 in a Debian of its own."""

    socket_dir: str
    port: int

    def superuser_dsn(self, dbname: str) -> str:
        return f"host={self.socket_dir} port={self.port} user=postgres dbname={dbname}"


@contextmanager
def postgres_15(home: Path) -> Iterator[FleetServer]:
    """Start Debian 12's PostgreSQL with PostGIS. Raises Missing."""
    if binaries.missing_from(DEBIAN_15) or not POSTGIS_15.exists():
        raise Missing("no PostGIS for PostgreSQL 15 here: apt install postgresql-15-postgis-3")
    cluster = Cluster(home, settings={"fsync": "off"}, bin_dir=DEBIAN_15)
    try:
        cluster.create()
        cluster.start()
        yield _filled(cluster, cluster.port)
    finally:
        cluster.remove()


@contextmanager
def timescale_17(data: Path) -> Iterator[FleetServer]:
    """Start Debian 13's PostgreSQL with TimescaleDB and PostGIS. Raises Missing."""
    if os.geteuid() != 0 or not (CACHE / "fleetmcp" / "trixie-pg17").exists():
        raise Missing("no TimescaleDB here: as root, run scripts/trixie_postgres build")
    port = ports.pick()
    started = subprocess.run(
        [STARTER, "start", data, str(port)], stdout=subprocess.PIPE, text=True, check=False
    )
    if started.returncode == 3:
        raise Missing("TimescaleDB can't run here: scripts/trixie_postgres says why")
    started.check_returncode()
    try:
        yield _filled(Trixie(started.stdout.strip(), port), port)
    finally:
        subprocess.run([STARTER, "stop", data], check=True)


def wheel(fleet: LocalDatabase) -> FleetServer:
    """Return the server that all tests share."""
    return _described(fleet.cluster, fleet.analytics_dsn)


def _filled(server: Server, port: int) -> FleetServer:
    load(server, LOADED, lambda done, total, what: None)
    dsn = server.superuser_dsn(DATABASE)
    made = (f"CREATE EXTENSION {name} SCHEMA public" for name in CONTRIBUTED)
    execute(dsn, SECRET + ";".join(made))
    apply_role(binaries.find_bin_dir() / "psql", dsn, PASSWORD)
    return _described(server, f"postgresql://{ROLE}:{PASSWORD}@127.0.0.1:{port}/{DATABASE}")


def _described(server: Server, analytics_dsn: str) -> FleetServer:
    dsn = server.superuser_dsn(DATABASE)
    [(version,)] = execute(dsn, "SELECT current_setting('server_version_num')::int")
    features = {name for (name,) in execute(dsn, FEATURES)}
    if _built_with_xml(dsn):
        features.add("xml")
    if execute(dsn, TSL) == [("timescale",)]:
        features.add("tsl")
    return FleetServer(server, analytics_dsn, version // 10_000, frozenset(features))


def _built_with_xml(dsn: str) -> bool:
    try:
        return bool(execute(dsn, "SELECT xmlcomment('a')"))
    except errors.FeatureNotSupported:
        return False


@contextmanager
def asked_of(dsn: str) -> Iterator[None]:
    """Point the alias ``analytics_ro`` of this process at another database, and back."""
    from fleetmcp.analytics import role, snapshot

    entry = connections.settings["analytics_ro"]
    before = dict(entry)
    entry.update(env.postgres_dsn("DATABASE_URL", dsn) | {"OPTIONS": entry["OPTIONS"]})
    role.forget_role()
    snapshot.forget_policy()
    _renew_alias()
    try:
        yield
    finally:
        _renew_alias()
        entry.clear()
        entry.update(before)
        role.forget_role()
        snapshot.forget_policy()


def _renew_alias() -> None:
    """Close this thread's connection and make the next one from the settings as they are now."""
    connections["analytics_ro"].close()
    del connections["analytics_ro"]
