"""The app database: tokens and the record live there."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from fleetmcp.doctor.lines import Line, fail, listed, ok, warn

MB = 1024 * 1024
_SPACE = "Make room: when the disk is full, no question can be recorded, so none runs."


def kind() -> Iterator[Line]:
    """Which database it is."""
    if connection.vendor == "sqlite":
        yield ok(f"The app database is SQLite {sqlite3.sqlite_version}: for one host.")
        return
    version, encoding = _ask("SELECT version(), current_setting('server_encoding')")
    yield ok(f"The app database is {str(version).split(' on ')[0]}.")
    if encoding != "UTF8":
        yield fail(f"The app database's encoding is {encoding}.", "Make it anew with UTF8.")


def writable() -> Iterator[Line]:
    """It takes writes. Nothing is written."""
    if connection.vendor == "sqlite":
        reason = _sqlite_refuses()
    else:
        may, standby = _ask(
            "SELECT has_table_privilege('audit_querylog', 'INSERT'), pg_is_in_recovery()"
        )
        reason = "it is a standby" if standby else ("" if may else "our role may not insert")
    if reason:
        yield fail(
            f"The app database can't be written: {reason}.",
            "Nothing runs that can't be recorded: check its file, folder, role or address.",
        )
    else:
        yield ok("The app database can be written.")


def _sqlite_refuses() -> str:
    """Take the write lock on a connection of our own, and let it go."""
    if _in_memory():
        return ""
    path = _file()
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=5)) as probe:
            probe.isolation_level = None
            probe.execute("BEGIN IMMEDIATE")
            probe.execute("ROLLBACK")
    except sqlite3.Error as error:
        return str(error)
    return ""


def durable() -> Iterator[Line]:
    """SQLite writes ahead and waits for the disk."""
    if connection.vendor != "sqlite" or _in_memory():
        return
    [journal] = _ask("PRAGMA journal_mode")
    [synchronous] = _ask("PRAGMA synchronous")
    yield from judged_durability(str(journal), int(str(synchronous)))


def judged_durability(journal: str, synchronous: int) -> Iterator[Line]:
    """Say what we think of these two settings."""
    if journal != "wal":
        yield fail(
            f"SQLite's journal mode is {journal}, not WAL: readers and writers stop each other.",
            "Keep APP_DB_FILE on a local disk; network file systems can't do WAL.",
        )
    if synchronous < 2:
        yield fail(
            "SQLite does not wait for the disk: a power cut would lose rows of the record.",
            "Leave `PRAGMA synchronous=FULL` in the settings.",
        )
    if journal == "wal" and synchronous >= 2:
        yield ok("SQLite writes ahead (WAL) and waits for the disk (FULL).")


def private() -> Iterator[Line]:
    """Nobody else on this host reads the file."""
    if connection.vendor != "sqlite" or _in_memory() or not _file().exists():
        return
    path = _file()
    open_file = stat.S_IMODE(path.stat().st_mode) & 0o077
    open_folder = stat.S_IMODE(path.parent.stat().st_mode) & 0o077
    if open_file and open_folder:
        yield warn(
            "Other accounts of this host may read the app database.",
            "chmod 600 the file of APP_DB_FILE, or chmod 700 its folder.",
        )
    else:
        yield ok("Only its owner reads the app database's file.")


def space() -> Iterator[Line]:
    """Its disk has room."""
    if connection.vendor != "sqlite" or _in_memory():
        return
    free = shutil.disk_usage(_file().parent).free
    yield judged_space(free)


def judged_space(free: int) -> Line:
    """Say what we think of so many free bytes."""
    text = f"{free // MB} MB are free for the app database."
    if free < 200 * MB:
        return fail(text, _SPACE)
    return warn(text, _SPACE) if free < 1000 * MB else ok(text)


def migrated() -> Iterator[Line]:
    """Its tables are those of this version."""
    executor = MigrationExecutor(connection)
    targets = executor.loader.graph.leaf_nodes()
    missing = [str(migration) for migration, _ in executor.migration_plan(targets)]
    ours = {label for label, _ in executor.loader.disk_migrations}
    known = set(executor.loader.disk_migrations)
    unknown = [
        f"{label}.{name}"
        for label, name in executor.loader.applied_migrations
        if label in ours and (label, name) not in known and not _replaced(executor, (label, name))
    ]
    if missing:
        yield fail(f"Migrations are missing: {listed(missing)}.", "Run `manage.py migrate`.")
    if unknown:
        yield fail(
            f"The app database is newer than this version: {listed(unknown)}.",
            "Run the newer version again, or restore the backup made before it.",
        )
    if not missing and not unknown:
        yield ok("Every migration is applied.")


def _replaced(executor: MigrationExecutor, key: tuple[str, str]) -> bool:
    return any(key in squashed.replaces for squashed in executor.loader.replacements.values())


def _ask(question: str) -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return tuple(cursor.fetchone())


def _file() -> Path:
    return Path(str(settings.DATABASES["default"]["NAME"]))


def _in_memory() -> bool:
    return connection.vendor == "sqlite" and connection.is_in_memory_db()  # type: ignore[attr-defined]  # SQLite's own
