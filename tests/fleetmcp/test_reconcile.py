"""PostgreSQL's own log against the record, in each format that PostgreSQL writes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

from fleetmcp.reconcile.logfile import PREFIX
from scripts.demo_db import LocalDatabase, Size, prepare
from tests.conftest import AS_OF, SLOW_FUNCTION
from tests.database import execute
from tests.live import ROOT, Server, start_server

TINY = Size(vehicles=14, days=8, step=3600)
LOGGED = {
    "fsync": "off",
    "log_statement": "all",
    "logging_collector": "on",
    "log_destination": "stderr,csvlog,jsonlog",
    "log_filename": "server.log",
    "log_line_prefix": PREFIX,
    "log_timezone": "UTC",
}


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDatabase]:
    """A database that logs in all three formats."""
    local = prepare(tmp_path_factory.mktemp("logged"), as_of=AS_OF, size=TINY, settings=LOGGED)
    execute(local.superuser_dsn, SLOW_FUNCTION)
    yield local
    local.cluster.remove()


@pytest.fixture(scope="module")
def used(logged: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server after a morning's work: every tool, refusals, failures, a timeout."""
    with start_server(
        tmp_path_factory.mktemp("used"), logged.analytics_dsn, MCP_STATEMENT_TIMEOUT="1"
    ) as server:
        for tool, arguments in (
            ("query", {"sql": "SELECT 'a;\n\tb -- c', $x$\n2026-01-01 00:00:00.0 UTC [1]$x$;"}),
            ("query", {"sql": "SELECT count(*) FROM tracksolid.drivers", "format": "csv"}),
            ("query", {"sql": f"SELECT {', '.join(['1'] * 1600)}", "max_rows": 10_000}),
            ("query", {"sql": f"SELECT {'1+' * 486}1", "format": "csv"}),
            ("explain_query", {"sql": "SELECT * FROM tracksolid.drivers"}),
            ("list_schemas", {}),
            ("list_tables", {"schema": "reporting"}),
            ("describe_table", {"schema": "tracksolid", "table": "position_history"}),
            ("describe_table", {"schema": "reporting", "table": "v_trips"}),
            ("list_functions", {"schema": "reporting"}),
            ("sample_table", {"schema": "tracksolid", "table": "drivers"}),
            ("search_catalog", {"text": "fuel"}),
        ):
            server.data(tool, **arguments)
        for sql in (
            "DELETE FROM tracksolid.drivers",
            "SELECT nosuch FROM tracksolid.drivers",
            "SELECT 1/0",
            "SELECT reporting.test_sleep(5)",
        ):
            server.error("query", sql=sql)
        # What the server itself asks when nothing answers at its start.
        check = "from fleetmcp.doctor import reach; assert not reach.problem()"
        server.manage("shell", "-v0", "-c", check)
        yield server


def reconcile(server: Server, file: Path | str) -> tuple[int, str]:
    """Return the exit code and what was printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", "reconcile_log", str(file)],
        cwd=ROOT, env=server.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def log(logged: LocalDatabase, ending: str) -> Path:
    return logged.cluster.data / "log" / f"server.{ending}"


@pytest.mark.proves("RECONCILE-ALL")
@pytest.mark.parametrize("ending", ["log", "csv", "json"])
def test_whatever_the_server_ran_has_its_row(
    reports: dict[str, tuple[int, str]], ending: str
) -> None:
    said = reports[ending][1]
    strangers = [line for line in said.splitlines() if ": a statement" in line]
    assert [line for line in strangers if "intruder" not in line] == []
    assert re.search(rf"{len(INTRUSIONS)} of \d{{2,}} statements of analytics_ro", said)


INTRUSIONS = {
    "bare": ("", "SELECT 'intruder', count(*) FROM tracksolid.drivers"),
    "no table": ("", "SELECT 'intruder', pg_sleep(0)"),
    "copy": ("", "COPY (SELECT 'intruder') TO STDOUT"),
    "setting": ("", "SET application_name = 'intruder'"),
    "own name": ("fleetmcp:fleetmcp:readiness", "SELECT 'intruder' FROM tracksolid.drivers"),
    "own name, no table": ("fleetmcp:fleetmcp:readiness", "SELECT 'intruder'"),
    "no such query": ("fleetmcp:alice:999999", "SELECT 'intruder'"),
    "another person": ("fleetmcp:bob:1", "SELECT 'intruder'"),
    "another text": ("fleetmcp:alice:2", "SELECT 'intruder' FROM tracksolid.drivers"),
    "write": ("fleetmcp:alice:2", "UPDATE tracksolid.drivers SET name = 'intruder'"),
}


@pytest.fixture(scope="module")
def reports(used: Server, logged: LocalDatabase) -> dict[str, tuple[int, str]]:
    """What reconcile_log says of each log after all intrusions."""
    for name, (application, sql) in INTRUSIONS.items():
        connection = psycopg2.connect(logged.analytics_dsn, application_name=application)
        connection.autocommit = True
        with suppress(psycopg2.Error), connection.cursor() as cursor:
            cursor.execute(marked(name, sql))
        connection.close()
    return {ending: reconcile(used, log(logged, ending)) for ending in ("log", "csv", "json")}


def marked(name: str, sql: str) -> str:
    return sql.replace("intruder", f"intruder: {name}")


@pytest.mark.proves("RECONCILE-STRANGER")
@pytest.mark.parametrize("name", INTRUSIONS)
def test_statement_without_a_row_is_printed_in_every_format(
    reports: dict[str, tuple[int, str]], name: str
) -> None:
    for code, said in reports.values():
        assert code == 1
        assert marked(name, INTRUSIONS[name][1]) in said
        assert f"{len(INTRUSIONS)} of " in said


@pytest.mark.proves("RECONCILE-STRANGER")
def test_statement_of_an_old_query_run_again_is_printed(
    used: Server, logged: LocalDatabase, tmp_path: Path
) -> None:
    line = (
        "2031-01-01 10:00:00.000 UTC [7] user=analytics_ro,db=tracksolid_db,app=fleetmcp:alice:2 "
        "LOG:  statement: SELECT count(*) FROM tracksolid.drivers\n"
    )
    (tmp_path / "later.log").write_text(line)
    code, said = reconcile(used, tmp_path / "later.log")
    assert code == 1
    assert "names query 2, which ran at another time" in said


@pytest.mark.proves("RECONCILE-STRANGER")
@pytest.mark.parametrize("terms", [485, 2_950, 100_000])
def test_deeply_nested_statement_is_printed(used: Server, tmp_path: Path, terms: int) -> None:
    line = (
        "2031-01-01 10:00:00.000 UTC [7] user=analytics_ro,db=tracksolid_db,"
        f"app=fleetmcp:fleetmcp:readiness LOG:  statement: SELECT {'1+' * terms}1\n"
    )
    (tmp_path / "deep.log").write_text(line)
    code, said = reconcile(used, tmp_path / "deep.log")
    assert code == 1
    assert "1 of 1 statements" in said
    assert "Traceback" not in said


@pytest.mark.proves("RECONCILE-READABLE")
@pytest.mark.parametrize("text", ["", "hello\n", "{not json\n", "a,b,c\n", "\x00\xff\n"])
def test_file_that_is_no_log_is_refused_with_what_to_set(
    used: Server, tmp_path: Path, text: str
) -> None:
    (tmp_path / "odd").write_text(text)
    code, said = reconcile(used, tmp_path / "odd")
    assert code == 1
    assert "log_line_prefix" in said
    assert "Traceback" not in said


@pytest.mark.proves("RECONCILE-READABLE")
def test_missing_file_and_foreign_role_are_said(used: Server, logged: LocalDatabase) -> None:
    assert "can't be read" in reconcile(used, "/nowhere/at/all")[1]
    done = used.environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/d"}
    stranger = Server(used.url, used.home, done)
    assert "no statement of nobody" in reconcile(stranger, log(logged, "csv"))[1]
