"""The machine under the server fails: workers die, memory, disk and clock misbehave."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from scripts.demo_db import LocalDatabase
from tests.database import execute
from tests.faults.conftest import Saw
from tests.faults.house import House, built, call, eventually
from tests.faults.load import asking, healthy, kinds, slowest
from tests.faults.test_door import connected, head, read_all
from tests.live import ROOT

# libfaketime breaks the sleeping of Python's main process; everything of ours asks this clock.
CLOCK = """
import datetime, os, django.utils.timezone as timezone
def now(real=timezone.now):
    with open(os.environ["CLOCK"]) as file:
        return real() + datetime.timedelta(seconds=int(file.read() or 0))
timezone.now = now
"""
MINUTE_S, HOUR_S, YEAR_S = 60, 3600, 366 * 86_400
SLEEPING = (
    "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%{}%' AND state = 'active' "
    "AND usename = 'analytics_ro'"
)


def _killed(house: House, saw: Saw) -> None:
    """Kill both workers one after the other, each with questions under way."""
    seen = []
    for victim in house.workers():
        with ThreadPoolExecutor(8) as clients:
            asked = [
                clients.submit(_asked_or_cut, house, f"SELECT reporting.test_sleep(4) /*k{i}*/")
                for i in range(8)
            ]
            eventually(lambda: len(_sleeping(house, "/*k")) >= 4, 10, "questions don't run")
            os.kill(victim, signal.SIGKILL)
            seen += [one.result() for one in asked]
    back = house.recovered(20)
    gone = eventually(lambda: not _sleeping(house, "/*k"), 5, "orphans stay")
    saw(
        f"{seen.count('ok')} answered, {seen.count('cut')} cut off; no backend after {gone:.1f} s",
        recover=back,
    )
    assert seen.count("cut") < 16
    assert len(house.workers()) == 2


@pytest.mark.proves("FAULT-WORKER-KILLED")
@pytest.mark.fault(
    "A worker killed by SIGKILL with questions under way, then the other",
    "others go on; no backend is left in PostgreSQL; two workers again by themselves",
)
def test_killed_worker_is_replaced_and_leaves_no_backend(on_sqlite: House, saw: Saw) -> None:
    _killed(on_sqlite, saw)
    on_sqlite.app.ask("SELECT 1")


@pytest.mark.long
@pytest.mark.proves("FAULT-WORKER-KILLED")
@pytest.mark.fault(
    "The rows that killed workers left open",
    "closed as abandoned by the server itself within 150 s",
)
@pytest.mark.timeout(300)
def test_rows_of_killed_workers_are_closed(on_postgres: House, saw: Saw) -> None:
    _killed(on_postgres, saw)
    took = eventually(lambda: on_postgres.running() == 0, 150, "rows stay open")
    saw("none left", recover=took)
    on_postgres.prove()


def _asked_or_cut(house: House, sql: str) -> str:
    try:
        return house.ask(sql).kind
    except httpx.TransportError:
        return "cut"


def _sleeping(house: House, mark: str) -> list[tuple[object, ...]]:
    return execute(house.fleet.superuser_dsn, SLEEPING.format(mark))


HUGE = {
    "one value of 200 MB": "SELECT repeat('x', 200000000)",
    "100 values of 10 MB": "SELECT repeat('x', 10000000) FROM generate_series(1, 100)",
    "a million rows": "SELECT i, repeat('x', 100) FROM generate_series(1, 1000000) i",
    "1,600 columns": f"SELECT {','.join(['i'] * 1600)} FROM generate_series(1, 10000) i",
}


@pytest.mark.proves("FAULT-HUGE-RESULT")
@pytest.mark.fault(
    "Results that fit no memory, in rows and as CSV",
    "a cut result or a sentence; a worker's peak grows by less than 150 MB",
)
def test_huge_result_is_cut_and_costs_no_memory(on_sqlite: House, saw: Saw) -> None:
    before = peak(on_sqlite)
    replies = [
        on_sqlite.ask(sql, max_rows=10_000, format=shape)
        for sql in HUGE.values() for shape in ("rows", "csv") for _ in range(2)
    ]  # fmt: skip
    grown = (peak(on_sqlite) - before) / 1e6
    sizes = max(len(reply.text) for reply in replies) / 1e6
    saw(
        f"{kinds(replies)}; peak {grown:+.0f} MB, largest answer {sizes:.1f} MB",
        answer=slowest(replies),
    )
    assert grown < 150, [(round(r.seconds, 1), len(r.text)) for r in replies] + [grown]
    assert sizes < 12
    on_sqlite.prove()


def peak(house: House) -> int:
    """Return the bytes of memory that the largest worker ever had."""
    texts = [Path(f"/proc/{pid}/status").read_text() for pid in house.workers()]
    return max(int(re.findall(r"VmHWM:\s+(\d+)", text)[0]) * 1024 for text in texts)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("needs root that may mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.proves("FAULT-DISK-FULL")
@pytest.mark.fault(
    "Disk of the app database (SQLite) and of the log full",
    "not_recorded or rows, within 15 s, nothing runs unrecorded; answers once there is room",
)
def test_full_disk_is_told_and_then_answers(
    ground: LocalDatabase, small_disk: Path, tmp_path: Path, saw: Saw
) -> None:
    figures = tmp_path / "figures"
    figures.mkdir()
    environ = {"PROMETHEUS_MULTIPROC_DIR": str(figures)}
    with built(small_disk, ground, None, **environ) as house:
        house.recovered(20)
        with asking(house, 6) as replies, healthy(house) as times:
            filled = _filled_up(small_disk)
            time.sleep(6)
            assert house.ask("SELECT 'on a full disk'").kind in {"not_recorded", "ok"}
            filled.unlink()
            back = house.recovered(20)
        saw(f"{kinds(replies)}; healthz {max(times):.2f} s", answer=slowest(replies), recover=back)
        assert {reply.kind for reply in replies} <= {"ok", "not_recorded", "503"}
        assert any(reply.kind == "not_recorded" for reply in replies)
        assert slowest(replies) < 15
        eventually(lambda: house.running() == 0, 70, "rows are left running")
        house.prove()


def _filled_up(place: Path) -> Path:
    """Fill the file system to its last byte."""
    file = place / "ballast"
    with file.open("wb", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    ballast.write(b"x" * size)
            except OSError:
                continue
    return file


@pytest.mark.long
@pytest.mark.proves("FAULT-CLOCK")
@pytest.mark.fault(
    "The server's clock jumps: two minutes on, an hour back, a year on, and back",
    "expired tokens are refused while they are, limits don't count the future, the chain verifies",
)
def test_jumping_clock_locks_nobody_out_and_breaks_no_chain(
    ground: LocalDatabase, tmp_path: Path, saw: Saw
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    (tmp_path / "sitecustomize.py").write_text(CLOCK)
    environ = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "CLOCK": str(clock)}
    with built(tmp_path / "house", ground, None, **environ) as house:
        house.server.policy(queries_per_minute=20)
        seen = []
        for what, jump in (
            ("now", 0), ("+2 min", 2 * MINUTE_S), ("-1 h", -HOUR_S), ("+366 d", YEAR_S),
            ("back", 4 * MINUTE_S),
        ):  # fmt: skip
            clock.write_text(str(jump))
            answers = {house.ask(f"SELECT '{what}'").kind for _ in range(12)}
            seen.append(f"{what}: {', '.join(sorted(answers))}")
        saw("; ".join(seen))
        eventually(lambda: house.running() == 0, 20, "rows are left running")
        house.server.manage("seal_audit")
        assert "Nothing is wrong" in house.server.manage("verify_audit")
        assert seen == ["now: ok", "+2 min: ok", "-1 h: ok", "+366 d: 401", "back: ok"]


@pytest.mark.proves("FAULT-HALF-CLOSED")
@pytest.mark.fault(
    "A client closes its sending half right behind the request, then reads",
    "taken for hanging up: the query is cancelled in PostgreSQL, the row closed, within 3 s",
)
def test_half_closed_connection_counts_as_hung_up(on_sqlite: House, saw: Saw) -> None:
    body = call("query", sql="SELECT reporting.test_sleep(4) /*half*/")
    request = head(on_sqlite, f"Content-Length: {len(body)}") + "\r\n" + body
    started = time.monotonic()
    with connected(on_sqlite) as client:
        client.sendall(request.encode())
        client.shutdown(socket.SHUT_WR)
        got = read_all(client, 6)
    closed = time.monotonic() - started
    eventually(lambda: not _sleeping(on_sqlite, "/*half*/"), 3, "the backend stays")
    eventually(lambda: on_sqlite.running() == 0, 3, "the row stays open")
    saw(f"{len(got)} bytes of answer", answer=closed)
    assert closed < 3
    on_sqlite.prove()


@pytest.mark.long
@pytest.mark.proves("FAULT-PROXY-PLAIN")
@pytest.mark.fault(
    "A proxy without TLS in front, PUBLIC_URL says https: X-Forwarded-Proto missing, http, https",
    "calls answered, no redirect in a circle, every address https, cookies Secure",
)
def test_proxy_without_a_certificate_confuses_nobody(
    ground: LocalDatabase, tmp_path: Path, saw: Saw
) -> None:
    environ = {"PUBLIC_URL": "https://fleet.example.com", "TRUSTED_PROXIES": "1"}
    with built(tmp_path / "house", ground, None, **environ) as house:
        host = {"Host": "fleet.example.com", "X-Forwarded-For": "203.0.113.9"}
        for proto in ({}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https"}):
            headers = host | proto
            asked = house.server.post(call("query", sql="SELECT 1"), **headers)
            assert house.answer(asked.status_code, asked.text).rows == [[1]]
            page = httpx.get(f"{house.server.url}/", headers=headers)
            login = httpx.get(f"{house.server.url}/login/", headers=headers)
            assert (page.status_code, login.status_code) == (200, 200)
            assert "https://fleet.example.com/mcp" in page.text
            assert "http://fleet.example.com" not in page.text + login.text
            cookies = login.headers.get_list("set-cookie")
            assert all("Secure" in cookie for cookie in cookies)
        saw("each is answered")
        house.prove()
