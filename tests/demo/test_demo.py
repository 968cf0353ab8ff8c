"""The first command of the README: it starts, prints what to paste, and stops without a trace."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from scripts.demo_db import Cluster, LocalDatabase, account
from scripts.demo_db.postmaster import PROC
from tests.live import ROOT, free_port, rpc

CLEAN = {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}


@dataclass
class Demo:
    """A running demo and what it printed."""

    url: str
    printed: str
    process: subprocess.Popen[str]

    @property
    def token(self) -> str:
        """The token that it printed."""
        found = re.search(r"fmcp_\w+", self.printed)
        assert found, self.printed
        return found.group()

    def ask(self, sql: str) -> str:
        """Ask as the printed line would, and return the reply."""
        body = rpc("tools/call", {"name": "query", "arguments": {"sql": sql}})
        headers = {
            "Authorization": f"Bearer {self.token}", "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }  # fmt: skip
        return httpx.post(f"{self.url}/mcp", content=body, headers=headers, timeout=30).text


@contextmanager
def demo(home: Path, *words: str, **environ: str) -> Iterator[Demo]:
    """Start the demo in a folder of its own and wait until it has said where it is."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.demo_server", f"--home={home}", f"--port={port}", *words],
        cwd=ROOT, env=CLEAN | {"HOME": str(home.parent)} | environ,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    printed = ""
    while "the same password" not in printed:
        line = process.stdout.readline()
        assert line, printed
        printed += line
    try:
        yield Demo(f"http://127.0.0.1:{port}", printed, process)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0, process.stdout.read()
        process.stdout.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Return a folder for a demo; what a demo kept for it elsewhere goes afterwards."""
    yield tmp_path / "demo"
    if (tmp_path / "demo" / "postgres").exists():
        Cluster(tmp_path / "demo" / "postgres").remove()


def commands() -> list[str]:
    """Return the command of each process; a bare Debian has no ps."""
    if PROC.is_dir():
        return [_command(folder) for folder in PROC.iterdir() if folder.name.isdigit()]
    listed = subprocess.run(
        ["ps", "-Aww", "-o", "args="], capture_output=True, text=True, check=True
    )
    return listed.stdout.splitlines()


def _command(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # it ended meanwhile
        return ""


def servers(home: Path) -> str:
    """Return the processes that still work in the folder or, as root, in its stand-in."""
    notes = account.ELSEWHERE.glob(f"*/{account.HOME_NOTE}")
    stand_ins = [str(note.parent) for note in notes if note.read_text().startswith(str(home))]
    places = [str(home), *stand_ins]
    return "\n".join(line for line in commands() if any(place in line for place in places))


def signed_in(url: str, name: str, password: str) -> str:
    """Sign in and return what the person sees first."""
    with httpx.Client(base_url=url, follow_redirects=True) as browser:
        browser.get("/login/")
        secret = browser.cookies["csrftoken"]
        words = {"login": name, "password": password, "csrfmiddlewaretoken": secret}
        page = browser.post("/login/", data=words, headers={"Referer": url})
        assert "Sign out" in page.text or "Log out" in page.text
        return page.text


@pytest.mark.proves("DEMO-COMMAND")
def test_demo_starts_answers_stops_and_starts_again_with_everything_kept(home: Path) -> None:
    with demo(home) as first:
        assert "postgres" in servers(home)
        assert f"{first.url}/mcp --header" in first.printed
        assert f"{first.url}/admin/" in first.printed
        assert first.printed.count("\n  - ") == 3
        assert '"row_count":10' in first.ask(
            "SELECT cost_centre, sum(distance_km) FROM reporting.v_daily_summary "
            "WHERE day >= current_date - 30 GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
        ).replace(": ", ":")
        page = httpx.get(f"{first.url}/admin/login/", follow_redirects=True)
        assert page.status_code == 200
        style = re.search(r'href="(/static/[^"]+\.css)"', page.text)
        assert style
        assert httpx.get(first.url + style.group(1)).status_code == 200
    assert servers(home) == ""
    started = time.monotonic()
    with demo(home) as second:
        assert time.monotonic() - started < 15
        assert second.token == first.token
        passwords = [re.findall(r"password (\S+)\n", run.printed) for run in (first, second)]
        assert passwords[0] == passwords[1]
        for name in ("alice", "tess", "otto", "sue"):
            assert name in signed_in(second.url, name, passwords[0][0])
        assert '"query_id":"2"' in second.ask("SELECT 1").replace(": ", ":")
    with demo(home, "--reset") as third:
        assert third.token != first.token
        assert '"query_id":"1"' in third.ask("SELECT 1").replace(": ", ":")
    assert servers(home) == ""


@pytest.mark.proves("DEMO-COMMAND")
def test_interrupt_while_loading_stops_the_database_too(home: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.demo_server", f"--home={home}", f"--port={free_port()}"],
        cwd=ROOT, env=CLEAN | {"HOME": str(home.parent)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    while "positions of" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert servers(home) == ""


@pytest.mark.proves("DEMO-OWN-DATABASE")
def test_demo_with_database_url_starts_no_server(home: Path, fleet: LocalDatabase) -> None:
    with demo(home, DATABASE_URL=fleet.analytics_dsn) as running:
        assert '"rows":[["tracksolid_db"]]' in running.ask("SELECT current_database()").replace(
            ": ", ":"
        )
        assert not (home / "postgres").exists()
        assert "postgres" not in servers(home)


@pytest.mark.proves("DEMO-REFUSES")
def test_demo_refuses_a_taken_port_and_a_foreign_folder(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    command = [sys.executable, "-m", "scripts.demo_server", f"--port={free_port()}"]
    done = subprocess.run(
        [*command, f"--home={tmp_path}", "--reset"],
        cwd=ROOT, env=CLEAN, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "holds other things than a demo" in done.stderr
    assert (tmp_path / "thesis.txt").exists()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [*command[:-1], f"--port={taken.getsockname()[1]}", f"--home={tmp_path / 'x'}"],
            cwd=ROOT, env=CLEAN, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "is in use. Is another demo running?" in done.stderr


@pytest.mark.proves("DEMO-REFUSES")
def test_second_demo_in_the_same_folder_is_refused_and_harms_nothing(home: Path) -> None:
    with demo(home) as first:
        for words in ([], ["--reset"]):
            done = subprocess.run(
                [sys.executable, "-m", "scripts.demo_server", f"--home={home}",
                 f"--port={free_port()}", *words],
                cwd=ROOT, env=CLEAN, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 1
            assert f"a demo runs in {home} already" in done.stderr
        assert '"query_id":"1"' in first.ask("SELECT 1").replace(": ", ":")
