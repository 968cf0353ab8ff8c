"""Fill `tracksolid_db` with deterministic fleet data: everything in one transaction."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from psycopg2 import extensions

from scripts.demo_db.session import Server, session, transaction

DATABASE = "tracksolid_db"
OWNER = "tracksolid_owner"
GENERATION = 1  # raise it when the rows or objects change: older demos are then loaded anew
HERE = Path(__file__).parent
STEP = re.compile(r"^-- step( each day)?: (.+)\n", re.MULTILINE)
EXTENSIONS = {"timescaledb": "timescale.sql", "postgis": "postgis.sql"}

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Size:
    """How much: vehicles, days back from the as-of date, seconds between two fixes."""

    vehicles: int = 40
    days: int = 30
    step: int = 30


DEMO = Size()
BENCH = Size(vehicles=240, days=90, step=22)


@dataclass(frozen=True)
class Loaded:
    """What the database says it holds; written with the data, in the same transaction."""

    as_of: date
    size: Size
    generation: int = GENERATION

    def text(self) -> str:
        """The database's comment."""
        return f"Fleet demo data {json.dumps(asdict(self), default=str, sort_keys=True)}"

    @classmethod
    def parse(cls, text: str | None) -> "Loaded | None":
        """The comment read back; None for anything else."""
        match = re.fullmatch(r"Fleet demo data (\{.*\})", text or "")
        if match is None:
            return None
        said = json.loads(match[1])
        return cls(date.fromisoformat(said["as_of"]), Size(**said["size"]), said["generation"])


def loaded(server: Server) -> Loaded | None:
    """What is there, complete; None if nothing is, or only the rest of a killed run."""
    with session(server, "postgres") as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [DATABASE],
        )
        row = cursor.fetchone()
    found = Loaded.parse(row[0]) if row else None
    return found if found and found.generation == GENERATION else None


def load(server: Server, wanted: Loaded, progress: Progress | None = None) -> None:
    """Make the database anew and fill it. Killed on the way, it counts as not loaded."""
    tell = progress or bar
    _fresh_database(server)
    with transaction(server, DATABASE) as cursor:
        steps = list(_steps(cursor, wanted))
        for done, (what, script) in enumerate(steps):
            tell(done, len(steps), what)
            cursor.execute(script)
        tell(len(steps), len(steps), "done")
    with session(server, DATABASE) as cursor:
        cursor.execute("VACUUM")


def bar(done: int, total: int, what: str) -> None:
    """A text bar on a terminal, else a line per step."""
    if not sys.stderr.isatty():
        print(f"demo data {done}/{total}: {what}", file=sys.stderr)
        return
    filled = "█" * (24 * done // total)
    end = "\n" if done == total else ""
    print(f"\r  demo data {filled:░<24} {what:<28}", end=end, file=sys.stderr, flush=True)


def _steps(cursor: extensions.cursor, wanted: Loaded) -> Iterator[tuple[str, str]]:
    extensions = _creatable_extensions(cursor)
    for name in extensions:
        yield f"extension {name}", f"CREATE EXTENSION {name} SCHEMA public"
    yield (
        "tables",
        _settings(wanted) + f"SET LOCAL ROLE {OWNER};" + _script("schema.sql"),
    )
    for name in extensions:
        yield name, _script(EXTENSIONS[name])
    yield from _data_steps(wanted)
    yield "keys", _script("keys.sql")
    yield "views", _script("views.sql")
    yield "comments", _script("comments.sql")
    marker = f"COMMENT ON DATABASE {DATABASE} IS '{wanted.text()}'"
    yield "statistics", f"ANALYZE; {marker}"


def _data_steps(wanted: Loaded) -> Iterator[tuple[str, str]]:
    parts = STEP.split(_script("data.sql"))[1:]
    for each_day, what, script in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if not each_day:
            yield what, script
            continue
        for back in range(wanted.size.days, 0, -1):
            day = wanted.as_of - timedelta(days=back)
            yield f"{what} of {day}", f"SET LOCAL fleet.day = '{day}';\n{script}"


def _settings(wanted: Loaded) -> str:
    size = wanted.size
    return (
        "SET LOCAL timezone = 'UTC'; SET LOCAL work_mem = '256MB'; SET LOCAL jit = off;"
        f"SET LOCAL fleet.as_of = '{wanted.as_of}'; SET LOCAL fleet.vehicles = {size.vehicles};"
        f"SET LOCAL fleet.days = {size.days}; SET LOCAL fleet.step = {size.step};"
    )


def _creatable_extensions(cursor: extensions.cursor) -> list[str]:
    # TimescaleDB is fatal to the session unless the server has preloaded it.
    cursor.execute(
        "SELECT name FROM pg_available_extensions WHERE name = ANY(%s) AND (name <> 'timescaledb'"
        " OR current_setting('shared_preload_libraries') LIKE '%%timescaledb%%') ORDER BY 1 DESC",
        [list(EXTENSIONS)],
    )
    return [name for (name,) in cursor.fetchall()]


def _fresh_database(server: Server) -> None:
    with session(server, "postgres") as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [OWNER])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {OWNER} NOLOGIN")
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE template0")


def _script(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
