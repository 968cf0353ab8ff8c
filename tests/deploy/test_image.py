"""The image, built and run for real: what is in it, how it starts, how it stops."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from scripts.demo_db.load import DATABASE
from tests.deploy.conftest import DB, NETWORK, FleetDatabase, wait_for_postgres
from tests.deploy.podman import Docker
from tests.live import rpc

pytestmark = pytest.mark.timeout(900)
NAME, VOLUME = "fleetmcp-image-test", "fleetmcp-image-test"
HARDENED = (
    "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
)  # fmt: skip
MEGABYTES = 400


@dataclass
class Running:
    """fleetmcp in a container, with a token for alice."""

    docker: Docker
    url: str
    token: str
    started_s: float

    def ask(self, sql: str, timeout: float = 60) -> dict[str, Any]:
        """Ask as alice and return the result of the call, whatever it is."""
        body = rpc("tools/call", {"name": "query", "arguments": {"sql": sql}})
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json",
                   "Accept": "application/json, text/event-stream",
                   "Host": "127.0.0.1"}  # fmt: skip
        reply = httpx.post(f"{self.url}/mcp", content=body, headers=headers, timeout=timeout)
        assert reply.status_code == httpx.codes.OK, reply.text
        data = [line[5:] for line in reply.text.splitlines() if line.startswith("data:")]
        found: dict[str, Any] = json.loads(data[-1] if data else reply.text)["result"]
        return found

    def status(self, path: str) -> int:
        """Return how a path is answered; 0 when it isn't."""
        try:
            return httpx.get(self.url + path, timeout=15).status_code
        except httpx.TransportError:
            return 0

    def wait(self, path: str, seconds: float = 60) -> float:
        """Return after how many seconds the path is answered with 200."""
        started = time.monotonic()
        while self.status(path) != httpx.codes.OK:
            assert time.monotonic() - started < seconds, self.docker("logs", NAME)
            time.sleep(0.05)
        return time.monotonic() - started

    def last_outcome(self) -> str:
        """Return how the newest call on record ended."""
        code = "from audit.models import QueryLog as Q; print(Q.objects.first().outcome)"
        return self.docker("exec", NAME, "python", "manage.py", "shell", "-v0", "-c", code)


@pytest.fixture
def running(docker: Docker, image: str, database: FleetDatabase) -> Iterator[Running]:
    """Start the image as hardened as compose.yaml does."""
    docker.forget(NAME)
    secret = database.password_file.read_text().strip()
    docker(
        "create", "--name", NAME, "--network", NETWORK, *HARDENED, "--volume", f"{VOLUME}:/data",
        "--env", f"SECRET_KEY={'k3y-' * 12}",
        "--env", f"DATABASE_URL=postgresql://analytics_ro:{secret}@{DB}:5432/{DATABASE}", image,
    )  # fmt: skip
    started = time.monotonic()
    docker("start", NAME)
    found = Running(docker, f"http://{docker.address(NAME, NETWORK)}:8892", "", 0)
    found.wait("/healthz")
    found.started_s = time.monotonic() - started
    issued = docker("exec", NAME, "python", "manage.py", "issue_token", "alice", "--label=test",
                    "--create-user")  # fmt: skip
    found.token = issued.split()[-1]
    found.wait("/readyz")
    yield found
    docker.forget(NAME)
    docker.run("docker", "volume", "rm", "--force", VOLUME, check=False)


@pytest.mark.proves("IMAGE-CONTENTS")
def test_image_holds_what_runs_and_nothing_else(docker: Docker, image: str) -> None:
    config = json.loads(docker.inspect(image, "{{json .Config}}"))
    assert config["User"] == "10001:10001"
    assert config["ExposedPorts"] == {"8892/tcp": {}}
    health = docker.run("podman", "image", "inspect", "--format", "{{json .HealthCheck}}", image)
    assert json.loads(health.stdout)["Test"][-1] == "scripts/healthcheck"
    assert not [word for word in config["Env"] if "SECRET" in word or "DATABASE_URL" in word]
    size = int(docker.inspect(image, "{{.Size}}"))
    print(f"image: {size / 1e6:.0f} MB")
    assert size < MEGABYTES * 1e6
    find = (
        "ls /app /app/scripts /venv/bin; command -v gcc cc make; id -u; find /app /venv -writable"
    )
    listed = docker("run", "--rm", image, "sh", "-c", f"{find}; true").split("\n")
    for wanted in ("manage.py", "serve", "analytics_ro_role.sql", "static", "gunicorn", "10001"):
        assert wanted in listed
    for unwanted in ("tests", "pip", "requirements-dev.txt", "demo_db", "/usr/bin/gcc", ".git"):
        assert unwanted not in listed
    assert not [line for line in listed if line.startswith(("/app", "/venv")) and ":" not in line]


@pytest.mark.proves("IMAGE-RUNS")
def test_hardened_container_answers_with_hashed_files_and_a_good_health(running: Running) -> None:
    print(f"cold start, new app database: {running.started_s:.1f} s")
    assert running.docker("exec", NAME, "scripts/healthcheck", "--ready") == ""
    page = httpx.get(f"{running.url}/admin/login/", headers={"Host": "127.0.0.1"},
                     follow_redirects=True)  # fmt: skip
    sheets = [part.split('"')[0] for part in page.text.split('href="')[1:] if ".css" in part]
    assert sheets
    sheet = httpx.get(running.url + sheets[0], headers={"Host": "127.0.0.1"})
    assert "immutable" in sheet.headers["Cache-Control"]
    result = running.ask("SELECT count(*) FROM reporting.v_daily_summary")
    assert not result["isError"], result


@pytest.mark.proves("IMAGE-RUNS")
def test_doctor_in_the_container_finds_no_failure_but_the_key_of_the_test(running: Running) -> None:
    done = running.docker.run(
        "docker", "exec", NAME, "python", "manage.py", "doctor", "--json", check=False
    )
    failed = [line["text"] for line in json.loads(done.stdout)["lines"] if line["level"] == "fail"]
    assert failed == ["SECRET_KEY is too short or too regular."]


@pytest.mark.proves("IMAGE-RUNS")
def test_memory_of_each_worker_is_told(running: Running) -> None:
    for _ in range(50):
        running.ask("SELECT * FROM tracksolid.devices")
    code = (
        "import glob\nfor path in glob.glob('/proc/[0-9]*/smaps_rollup'):\n"
        " cmd = open(path.replace('smaps_rollup', 'cmdline')).read()\n"
        " if 'bin/gunicorn' in cmd and '-c' not in cmd.split(chr(0)):\n"
        "  print(next(int(l.split()[1]) for l in open(path) if l.startswith('Pss:')) // 1024)"
    )
    sizes = [int(word) for word in running.docker("exec", NAME, "python", "-c", code).split()]
    print(f"memory (PSS) of master and workers: {sorted(sizes)} MB")
    assert len(sizes) == 3
    assert max(sizes) < 250


@pytest.mark.proves("IMAGE-STOPS")
@pytest.mark.parametrize(
    ("seconds", "outcome", "words"),
    [(4, "ok", "structuredContent"), (25, "cancelled", "the server is restarting")],
)
def test_stop_lets_a_short_question_end_and_cancels_a_long_one(
    running: Running, seconds: int, outcome: str, words: str
) -> None:
    told: list[dict[str, Any]] = []
    asking = threading.Thread(
        target=lambda: told.append(running.ask(f"SELECT reporting.test_sleep({seconds})"))
    )
    asking.start()
    _wait_until_running(running)
    started = time.monotonic()
    running.docker("stop", "--time", "20", NAME)
    took = time.monotonic() - started
    asking.join()
    print(f"stop with a question of {seconds} s: {took:.1f} s")

    assert running.docker.inspect(NAME, "{{.State.ExitCode}}") == "0"
    assert words in json.dumps(told[0])
    log = running.docker.run("docker", "logs", NAME)
    assert f"outcome={outcome} " in log.stdout + log.stderr


def _wait_until_running(running: Running) -> None:
    deadline = time.monotonic() + 20
    while running.last_outcome() != "running":
        assert time.monotonic() < deadline


@pytest.mark.proves("IMAGE-RECOVERS")
def test_server_lives_through_a_restart_of_the_database(running: Running) -> None:
    running.docker("stop", "--time", "5", DB)
    assert running.status("/healthz") == httpx.codes.OK
    deadline = time.monotonic() + 30
    while running.status("/readyz") != httpx.codes.SERVICE_UNAVAILABLE:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    running.docker("start", DB)
    wait_for_postgres(running.docker, DB)
    took = running.wait("/readyz")
    print(f"recovery after the database answers again: {took:.1f} s")
    result = running.ask("SELECT 1")
    assert not result["isError"], result
