"""From nothing to a running, filled `tracksolid_db` with its read-only role."""

import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from scripts.demo_db.cluster import NO_SETTINGS, Cluster
from scripts.demo_db.load import DATABASE, DEMO, Loaded, Progress, Size, load, loaded
from scripts.demo_db.role import ROLE, apply_role


@dataclass(frozen=True)
class LocalDatabase:
    """A running demo database and the two ways in."""

    cluster: Cluster
    analytics_dsn: str
    superuser_dsn: str

    def __repr__(self) -> str:
        return f"LocalDatabase({self.cluster.home})"  # the DSN holds a password


def prepare(
    home: Path,
    *,
    as_of: date | None = None,
    port: int | None = None,
    settings: Mapping[str, str] = NO_SETTINGS,
    size: Size = DEMO,
    progress: Progress | None = None,
) -> LocalDatabase:
    """Start the server of `home`, making and filling it first where needed.

    Without `as_of` data that is there is kept, new data ends yesterday (UTC). Another size
    or another `as_of` than what is there loads anew.
    """
    with _alone(home):
        cluster = Cluster(home, port=port, settings=settings)
        cluster.create()
        cluster.start()
        _fill(cluster, as_of, size, progress)
        password = _password(home / "analytics_ro.pw")
        superuser_dsn = cluster.superuser_dsn(DATABASE)
        apply_role(cluster.bin_dir / "psql", superuser_dsn, password)
        where = f"127.0.0.1:{cluster.port}/{DATABASE}"
        return LocalDatabase(cluster, f"postgresql://{ROLE}:{password}@{where}", superuser_dsn)


def _fill(cluster: Cluster, as_of: date | None, size: Size, progress: Progress | None) -> None:
    there = loaded(cluster)
    if there is None:
        load(cluster, Loaded(as_of or datetime.now(UTC).date(), size), progress)
        return
    wanted = Loaded(as_of or there.as_of, size)
    if wanted != there:
        load(cluster, wanted, progress)


def _password(path: Path) -> str:
    """The role's password, made once. Written whole or not at all."""
    if not path.exists():
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(24) + "\n")
        fresh.rename(path)
    return path.read_text().strip()


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two runs at the same home take turns; a killed one leaves no lock behind."""
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o755)
    with (home / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
