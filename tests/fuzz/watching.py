"""A superuser's session that may write, and all that a statement could leave behind in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg2
from psycopg2 import errors, extensions

from tests.database import execute

STATEMENT_MS = 300
PATIENCE_SECONDS = 10
# Made quiet, so that what is written to the write-ahead log is written by the statement itself.
_QUIET = "ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf(); VACUUM FREEZE; CHECKPOINT"
_INSIDE = """
SELECT pg_current_xact_id_if_assigned()::text, current_setting('transaction_read_only'),
  coalesce((SELECT string_agg(mode, ',') FROM pg_locks WHERE pid = pg_backend_pid() AND mode NOT IN
    ('AccessShareLock', 'SIReadLock') AND locktype <> 'virtualxid'), '')
"""
_LEFT = """
SELECT session_user || current_user, pg_my_temp_schema()::text,
  (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory')::text,
  (SELECT count(*) FROM pg_prepared_statements)::text, (SELECT count(*) FROM pg_cursors)::text,
  (SELECT string_agg(c, ',') FROM pg_listening_channels() c),
  (SELECT string_agg(f, ',' ORDER BY f) FROM pg_ls_dir('.') f),
  (SELECT md5(string_agg(name || '=' || setting, ',' ORDER BY name)) FROM pg_settings
   WHERE name = ANY (%s)), current_schemas(true)::text
"""
_NAMES = (
    "session user, temporary schema, advisory locks, prepared statements, cursors, channels, "
    "files, settings, search path"
).split(", ")
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND usename = session_user AND pid <> pg_backend_pid()
"""
_LOG = "SELECT pg_current_wal_insert_lsn()::text"


class Watched:
    """Runs statements without any guard or right in the way, and says what each left."""

    def __init__(self, dsn: str, search_path: tuple[str, ...]) -> None:
        self._dsn, self._path = dsn, search_path
        for statement in _QUIET.split(";"):
            execute(dsn, statement)
        self._open()

    def _open(self) -> None:
        self._connection = psycopg2.connect(self._dsn)
        self._connection.autocommit = True
        self._cursor = self._connection.cursor()
        self._ask(f"SET search_path = {', '.join(self._path)}")
        self._ask("SET max_parallel_workers_per_gather = 0")
        self._ask("SET lock_timeout = 100")
        settings = self._ask("SELECT name FROM pg_settings WHERE name <> 'transaction_read_only'")
        self._settings = [name for (name,) in settings]
        self._base = self._left()

    def close(self) -> None:
        self._connection.close()

    def _ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        self._cursor.execute(sql, values or None)
        return self._cursor.fetchall() if self._cursor.description else []

    def _left(self) -> tuple[Any, ...]:
        return self._ask(_LEFT, self._settings)[0]

    def run(self, sql: str) -> tuple[bool, list[str]]:
        """Return whether the statement gave rows, and a line for each trace that it left."""
        log = self._ask(_LOG)
        ran, traces = self._inside(sql)
        if self._connection.closed:
            self._recover()
            return False, ["the server ended the connection"]
        traces += self._different()
        if traces:
            self._renew()
        elif self._ask(_LOG) != log and self._writes_again(sql):
            traces = ["it writes to the write-ahead log"]
        return ran, traces

    def _different(self) -> list[str]:
        """Return a line for each thing that is not what it was when the session began."""
        try:
            now = self._left()
            if not self._alone():
                return ["backends: somebody else came in by the superuser's name"]
        except psycopg2.Error as error:
            return [f"nobody can look around any more: {error}"]
        pairs = zip(_NAMES, self._base, now, strict=True)
        return [f"{name}: {was} -> {is_now}" for name, was, is_now in pairs if was != is_now]

    def _alone(self) -> bool:
        """Say whether no other session is open; one that ends takes a moment."""
        for _ in range(100):
            if self._ask(_OTHERS) == [(0,)]:
                return True
            time.sleep(0.03)
        return False

    def _inside(self, sql: str) -> tuple[bool, list[str]]:
        self._ask(f"BEGIN READ WRITE; SET LOCAL statement_timeout = {STATEMENT_MS}")
        ran, traces = False, []
        try:
            with self._impatient():
                self._cursor.execute(sql)
            ran = True
            self._ask("SET LOCAL statement_timeout = 0")
            inside = extensions.TRANSACTION_STATUS_INTRANS
            if self._connection.info.transaction_status != inside:
                traces.append("it left the transaction")
            found = self._ask(_INSIDE)[0]
            if found != (None, "off", ""):
                traces.append(f"inside of the transaction: {found}")
            traces += [f"it sent {n.channel}" for n in self._connection.notifies]
            self._ask("COMMIT")
        except errors.QueryCanceled:
            self._ask("ROLLBACK")  # on a busy machine a look around may be too slow as well
        except (psycopg2.Error, UnicodeError, ValueError) as error:
            traces += [f"nobody can look around any more: {error}"] if ran else []
            if not self._connection.closed:
                with suppress(psycopg2.Error):
                    self._ask("ROLLBACK")
        return ran, traces

    def _writes_again(self, sql: str) -> bool:
        """Say whether it writes each time: the first time may set a hint or load a library."""
        for _ in range(3):
            time.sleep(0.05)
            log = self._ask(_LOG)
            self._inside(sql)
            if self._connection.closed or self._ask(_LOG) == log:
                return False
        return True

    def _impatient(self) -> _Impatience:
        return _Impatience(self._dsn, self._connection)

    def _renew(self) -> None:
        self._connection.close()
        time.sleep(0.2)
        self._open()

    def _recover(self) -> None:
        """Wait until the server has recovered from a crash."""
        for _ in range(100):
            with suppress(psycopg2.Error):
                self._open()
                return
            time.sleep(0.3)
        raise AssertionError("the server does not come back")

    def planned(self, sql: str) -> set[tuple[str, str]] | None:
        """Return the (schema, name) of the relations in the plan, or None if there is no plan."""
        self._ask(f"BEGIN READ ONLY; SET LOCAL statement_timeout = {STATEMENT_MS}")
        try:
            with self._impatient():
                self._cursor.execute(f"EXPLAIN (VERBOSE, FORMAT JSON) {sql}")
            found = self._cursor.fetchone()
            return set(_relations(found[0])) if found else None
        except (psycopg2.Error, UnicodeError):
            return None
        finally:
            if self._connection.closed:
                self._recover()
            else:
                self._ask("ROLLBACK")


class _Impatience:
    """Ends a statement that no timeout ends."""

    def __init__(self, dsn: str, connection: Any) -> None:
        pid = connection.info.backend_pid
        end = f"SELECT pg_terminate_backend({pid})"
        self._timer = threading.Timer(PATIENCE_SECONDS, execute, (dsn, end))

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()


def _relations(plan: Any) -> Iterator[tuple[str, str]]:
    if isinstance(plan, list):
        for item in plan:
            yield from _relations(item)
    elif isinstance(plan, dict):
        if "Relation Name" in plan:
            yield plan.get("Schema", ""), plan["Relation Name"]
        for value in plan.values():
            yield from _relations(value)
