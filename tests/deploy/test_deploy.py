"""scripts/deploy.sh on a host of the tests' own: a database, a proxy's network, docker."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.deploy.conftest import DB, NETWORK, TRAEFIK, FleetDatabase
from tests.deploy.podman import Docker

pytestmark = pytest.mark.timeout(900)
CONTAINERS = ("fleetmcp", "fleetmcp-next", "fleetmcp-previous")


@dataclass(frozen=True)
class Host:
    """The Docker host as its operator sees it."""

    docker: Docker
    home: Path
    image: str
    password_file: Path

    def deploy(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        given = {
            "HOME": str(self.home), "FLEETMCP_HOST": "fleetmcp.example.com",
            "TRAEFIK_NETWORK": TRAEFIK, "ANALYTICS_NETWORK": NETWORK, "FLEETMCP_IMAGE": self.image,
            "ANALYTICS_RO_PW_FILE": str(self.password_file), "FLEETMCP_WAIT": "90",
        }  # fmt: skip
        return self.docker.run("scripts/deploy.sh", *words, check=False, **(given | environ))

    def serving(self) -> str:
        """Return the id of the container that serves, after it has answered."""
        url = f"http://{self.docker.address('fleetmcp', NETWORK)}:8892/readyz"
        assert httpx.get(url, timeout=30).json() == {
            "ok": True, "app_database": "ok", "analytics": "ok",
        }  # fmt: skip
        return self.docker.inspect("fleetmcp", "{{.Id}}")


@pytest.fixture
def host(docker: Docker, image: str, database: FleetDatabase, tmp_path: Path) -> Iterator[Host]:
    """A host on which nothing of ours runs yet."""
    docker.forget(*CONTAINERS)
    yield Host(docker, tmp_path, image, database.password_file)
    docker.forget(*CONTAINERS)
    docker.run("docker", "volume", "rm", "--force", "fleetmcp-data", check=False)


@pytest.mark.proves("DEPLOY-RUNS", "SECRETS-FILES")
def test_first_deployment_finds_everything_and_shows_no_secret(host: Host) -> None:
    done = host.deploy(ANALYTICS_NETWORK="")

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"analytics_ro:***@{DB}:5432/tracksolid_db in network {NETWORK}" in done.stdout
    host.serving()
    secrets = [path.read_text() for path in (host.home / ".fleetmcp/secrets/files").iterdir()]
    assert len(secrets) == 4
    seen = done.stdout + done.stderr + host.docker("container", "inspect", "fleetmcp")
    assert not [secret for secret in secrets if secret in seen]
    assert host.password_file.read_text() not in seen
    known = json.loads(host.docker("container", "inspect", "fleetmcp"))[0]
    labels = known["Config"]["Labels"]
    assert labels["traefik.http.routers.fleetmcp.rule"] == "Host(`fleetmcp.example.com`)"
    assert known["HostConfig"]["ReadonlyRootfs"]
    assert set(known["NetworkSettings"]["Networks"]) == {NETWORK, TRAEFIK}
    assert (host.home / ".fleetmcp/secrets").stat().st_mode & 0o777 == 0o700


@pytest.mark.proves("DEPLOY-RUNS")
def test_image_is_built_when_none_is_named(host: Host) -> None:
    done = host.deploy(FLEETMCP_IMAGE="")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "building fleetmcp:" in done.stdout
    host.serving()


@pytest.mark.proves("DEPLOY-RUNS", "DEPLOY-ROLLBACK")
def test_second_deployment_swaps_keeps_tokens_and_can_be_rolled_back(host: Host) -> None:
    assert host.deploy().returncode == 0
    first = host.serving()
    issue = ("python", "manage.py", "issue_token", "alice", "--label=x", "--create-user")
    host.docker("exec", "fleetmcp", *issue)

    done = host.deploy()

    assert done.returncode == 0, done.stdout + done.stderr
    second = host.serving()
    assert second != first
    listed = host.docker("exec", "fleetmcp", "python", "manage.py", "list_tokens")
    assert "alice" in listed
    assert "before-upgrade.sqlite3" in host.docker("exec", "fleetmcp", "ls", "/data")

    back = host.deploy("--rollback")

    assert back.returncode == 0, back.stderr
    assert host.docker.inspect("fleetmcp", "{{.Id}}") == first
    assert host.docker.inspect("fleetmcp-previous", "{{.Id}}") == second


@pytest.mark.proves("DEPLOY-RUNS", "SECRETS-FILES")
def test_rotated_password_arrives(host: Host) -> None:
    assert host.deploy().returncode == 0
    before = host.password_file.read_text()
    host.password_file.unlink()
    host.docker.run("scripts/bootstrap_analytics_ro.sh", HOME=str(host.password_file.parent))
    assert host.password_file.read_text() != before

    done = host.deploy()

    assert done.returncode == 0, done.stdout + done.stderr
    host.serving()


@pytest.mark.proves("DEPLOY-ROLLBACK")
def test_deployment_that_does_not_get_ready_leaves_the_old_one_serving(
    host: Host, tmp_path: Path
) -> None:
    assert host.deploy().returncode == 0
    first = host.serving()
    wrong = tmp_path / "wrong.pw"
    wrong.write_text("0123456789abcdef" * 3)
    # As long as the old one, which shares the folder of the secrets, isn't started anew.
    done = host.deploy(
        ANALYTICS_RO_PW_FILE=str(wrong), FLEETMCP_WAIT="15", FLEETMCP_HOME=str(tmp_path / "other")
    )

    assert done.returncode == 1
    assert "did not get ready" in done.stderr
    assert '"analytics":"database_unavailable"' in done.stderr
    assert "rolled back" in done.stderr
    assert wrong.read_text() not in done.stdout + done.stderr
    assert host.serving() == first
    assert not host.docker.exists("fleetmcp-next")


@pytest.mark.proves("DEPLOY-ERRORS")
@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"FLEETMCP_HOST": ""}, "set FLEETMCP_HOST to the public name"),
        ({"FLEETMCP_HOST": "a`) || b"}, "set FLEETMCP_HOST to the public name"),
        ({"ANALYTICS_DB_CONTAINER": "nowhere"}, 'no running container has "nowhere" in its name'),
        ({"TRAEFIK_NETWORK": "nowhere"}, "there is no network nowhere (TRAEFIK_NETWORK)"),
        ({"ANALYTICS_RO_PW_FILE": "/nowhere"}, "run scripts/bootstrap_analytics_ro.sh first"),
        ({"FLEETMCP_IMAGE": "nowhere:1"}, "there is no image nowhere:1 here"),
        ({"BACKEND_CONTAINER": DB}, f"{DB} has no DATABASE_URL that could be read"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_touched(
    host: Host, environ: dict[str, str], why: str
) -> None:
    done = host.deploy(**environ)

    assert done.returncode == 1
    assert why in done.stderr
    assert not host.docker.exists("fleetmcp-next")
    assert not host.docker.exists("fleetmcp")
