"""The disk under the server and its clock fail, and the proxy before it has no certificate."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from scripts.demo_db import LocalDatabase
from tests.faults.building import built
from tests.faults.house import House, call
from tests.faults.processes import eventually
from tests.faults.reply import kinds, slowest
from tests.faults.saw import Saw
from tests.faults.trial import Bounds, asking, endure, healthy, in_time
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
JUMPS = {"now": 0, "+2 min": 2 * MINUTE_S, "-1 h": -HOUR_S, "+366 d": YEAR_S, "back": 4 * MINUTE_S}
# Preloaded into the server: whoever makes what they wrote durable waits that long first.
SLOW_DISK_S = 0.2
SLOW_DISK = f"""
#include <sys/syscall.h>
#include <unistd.h>
int fsync(int fd) {{ usleep({SLOW_DISK_S * 1e6:.0f}); return syscall(SYS_fsync, fd); }}
int fdatasync(int fd) {{ usleep({SLOW_DISK_S * 1e6:.0f}); return syscall(SYS_fdatasync, fd); }}
"""


Build = Callable[..., AbstractContextManager[House]]


@pytest.fixture
def build(ground: LocalDatabase, tmp_path: Path) -> Build:
    """Return what builds a house for this test alone, with these settings."""
    return partial(built, tmp_path / "house", ground, None)


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


@pytest.mark.long
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
        in_time(replies, 15)
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
@pytest.mark.proves("FAULT-RECORD-SLOW")
@pytest.mark.fault(
    f"Slow disk of the app database (SQLite): each write made durable {SLOW_DISK_S:g} s later",
    "every question of 12 clients is answered, within 12 s; /healthz within 4 s",
)
def test_slow_disk_only_delays(build: Build, tmp_path: Path, saw: Saw) -> None:
    if not shutil.which("cc"):
        pytest.skip("needs a C compiler (Debian: apt-get install gcc)")
    source, library = tmp_path / "slow.c", tmp_path / "slow.so"
    source.write_text(SLOW_DISK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    with build(LD_PRELOAD=str(library)) as house:
        bounds = Bounds(frozenset(), answer=12, again=12)
        replies = endure(house, saw, lambda: time.sleep(10), bounds)
        assert slowest(replies) > SLOW_DISK_S


@pytest.mark.proves("FAULT-CLOCK")
@pytest.mark.fault(
    "The server's clock jumps: two minutes on, an hour back, a year on, and back",
    "expired tokens are refused while they are, limits don't count the future, the chain verifies",
)
def test_jumping_clock_locks_nobody_out_and_breaks_no_chain(
    build: Build, tmp_path: Path, saw: Saw
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    (tmp_path / "sitecustomize.py").write_text(CLOCK)
    environ = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "CLOCK": str(clock)}
    with build(**environ) as house:
        house.server.policy(queries_per_minute=20)
        seen = []
        for what, jump in JUMPS.items():
            clock.write_text(str(jump))
            answers = {house.ask(f"SELECT '{what}'").kind for _ in range(12)}
            seen.append(f"{what}: {', '.join(sorted(answers))}")
        saw("; ".join(seen))
        eventually(lambda: house.running() == 0, 20, "rows are left running")
        house.server.manage("seal_audit")
        assert "Nothing is wrong" in house.server.manage("verify_audit")
        assert seen == ["now: ok", "+2 min: ok", "-1 h: ok", "+366 d: 401", "back: ok"]


@pytest.mark.long
@pytest.mark.proves("FAULT-PROXY-PLAIN")
@pytest.mark.fault(
    "A proxy without TLS in front, PUBLIC_URL says https: X-Forwarded-Proto missing, http, https",
    "calls answered, no redirect in a circle, every address https, cookies Secure",
)
def test_proxy_without_a_certificate_confuses_nobody(build: Build, saw: Saw) -> None:
    environ = {"PUBLIC_URL": "https://fleet.example.com", "TRUSTED_PROXIES": "1"}
    with build(**environ) as house:
        for proto in ({}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https"}):
            _as_through_tls(house, proto)
        saw("each is answered")
        house.prove()


def _as_through_tls(house: House, proto: dict[str, str]) -> None:
    headers = {"Host": "fleet.example.com", "X-Forwarded-For": "203.0.113.9", **proto}
    asked = house.server.post(call("query", sql="SELECT 1"), **headers)
    assert house.answer(asked).rows == [[1]]
    page, login = house.page("/", **headers), house.page("/login/", **headers)
    assert (page.status_code, login.status_code) == (200, 200)
    assert "https://fleet.example.com/mcp" in page.text
    assert "http://fleet.example.com" not in page.text + login.text
    cookies = login.headers.get_list("set-cookie")
    assert cookies
    assert all("Secure" in cookie for cookie in cookies)
