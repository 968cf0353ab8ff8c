"""Which PostgreSQL, TimescaleDB and PostGIS this is, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator

from fleetmcp.doctor.lines import Line, ok, warn
from fleetmcp.doctor.sessions import answers

TRIED = range(15, 19)
# One SELECT with these ends the whole server; the guard refuses them by name.
CRASHING = {"3.3": "ST_GeomFromTWKB and ST_FrechetDistance", "3.5": "ST_GeomFromTWKB"}


def postgresql() -> Iterator[Line]:
    """A version that fleetmcp is tested with."""
    [(number, name)] = answers(
        "SELECT pg_catalog.current_setting('server_version_num')::int,"
        " pg_catalog.current_setting('server_version')"
    )
    yield from judged_postgresql(number // 10_000, name)


def judged_postgresql(major: int, name: str) -> Iterator[Line]:
    """Say what we think of that version."""
    if major in TRIED:
        yield ok(f"PostgreSQL {name}.")
    else:
        tried = f"fleetmcp is tested with PostgreSQL {TRIED[0]} to {TRIED[-1]}."
        yield warn(f"PostgreSQL {name}: {tried}", "Run the test suite against it, or move.")


def extensions() -> Iterator[Line]:
    """TimescaleDB and PostGIS, where they are."""
    found = dict(
        answers(
            "SELECT extname::text, extversion FROM pg_catalog.pg_extension"
            " WHERE extname IN ('timescaledb', 'postgis')"
        )
    )
    if "timescaledb" in found:
        [(licence,)] = answers("SELECT pg_catalog.current_setting('timescaledb.license', true)")
        yield ok(f"TimescaleDB {found['timescaledb']} ({licence or 'licence unknown'}).")
    if "postgis" in found:
        yield from judged_postgis(found["postgis"])
    if not found:
        yield ok("Neither TimescaleDB nor PostGIS is installed in this database.")


def judged_postgis(version: str) -> Iterator[Line]:
    """Say what we think of that version."""
    crashing = CRASHING.get(".".join(version.split(".")[:2]))
    if crashing is None:
        yield ok(f"PostGIS {version}.")
    else:
        yield warn(
            f"PostGIS {version}: one SELECT with {crashing} can end the whole server; the guard "
            "refuses it.",
            "Update PostGIS when you can: other users of the database are not behind the guard.",
        )
