"""The image, a database in a container, and the command that handles both."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from scripts.demo_db import Size
from scripts.demo_db.load import DATABASE, Loaded, load
from tests.conftest import SLOW_FUNCTION
from tests.database import execute
from tests.deploy import podman
from tests.deploy.podman import Docker

IMAGE = "fleetmcp:tested"
NETWORK, TRAEFIK = "fleetmcp-test-db", "fleetmcp-test-proxy"
DB = "timescale_db-test"


@dataclass(frozen=True)
class FleetDatabase:
    """The fleet's database in a container, as its host's operator has it."""

    docker: Docker
    home: Path
    address: str
    password: str

    def superuser_dsn(self, dbname: str) -> str:
        """Return the DSN of the superuser, from this machine."""
        return f"postgresql://postgres:{self.password}@{self.address}:5432/{dbname}"

    @property
    def password_file(self) -> Path:
        """Where the bootstrap script keeps the password of analytics_ro."""
        return self.home / ".analytics_ro.pw"


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    """The docker command on a podman of the tests' own."""
    folder = Path(tempfile.mkdtemp(prefix="fleetmcp-podman-", dir="/tmp"))
    try:
        with podman.service(folder) as command:
            podman.base_images(command)
            yield command
    except podman.Missing as missing:
        pytest.skip(str(missing))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def image(docker: Docker) -> str:
    """Our image, built from this checkout."""
    # Not by podman's Docker API, which drops HEALTHCHECK: it writes the other format.
    docker.run("buildah", "bud", "--format", "docker", "--tag", IMAGE, ".")
    return IMAGE


@pytest.fixture(scope="session")
def networks(docker: Docker) -> Iterator[None]:
    """The network of the database, and the one of the proxy."""
    for network in (NETWORK, TRAEFIK):
        docker.run("docker", "network", "create", network, check=False)
    yield
    for network in (NETWORK, TRAEFIK):
        docker.run("docker", "network", "rm", "--force", network, check=False)


@pytest.fixture(scope="session")
def database(docker: Docker, networks: None) -> Iterator[FleetDatabase]:
    """A database container with a small fleet, and the role made by the bootstrap script."""
    home = Path(tempfile.mkdtemp(prefix="fleetmcp-host-", dir="/tmp"))
    password = "only-for-this-test-run"
    (home / "pw").write_text(password)
    (home / "pw").chmod(0o444)
    docker.forget(DB)
    docker(
        "run", "--detach", "--name", DB, "--network", NETWORK, "--volume", f"{home}/pw:/pw:ro",
        "--env", "POSTGRES_PASSWORD_FILE=/pw", "--env", f"POSTGRES_DB={DATABASE}", podman.POSTGRES,
    )  # fmt: skip
    found = FleetDatabase(docker, home, docker.address(DB, NETWORK), password)
    wait_for_postgres(docker, DB)
    load(found, Loaded(date(2026, 11, 1), Size(14, 2, 600)), lambda done, total, what: None)
    execute(found.superuser_dsn(DATABASE), SLOW_FUNCTION)
    docker.run("scripts/bootstrap_analytics_ro.sh", HOME=str(home))
    yield found
    docker.forget(DB)
    shutil.rmtree(home, ignore_errors=True)


def wait_for_postgres(docker: Docker, container: str) -> None:
    """Return when the server in the container answers over TCP."""
    ask = ["docker", "exec", container, "pg_isready", "--quiet", "--host=127.0.0.1"]
    deadline = time.monotonic() + 60
    while docker.run(*ask, check=False).returncode:
        assert time.monotonic() < deadline, docker("logs", container)
        time.sleep(0.2)
