"""What whoever installs it forgets: one sentence says what to do, and shows no secret."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from scripts.demo_db.load import DATABASE
from tests.deploy.conftest import DB, NETWORK, FleetDatabase
from tests.deploy.podman import Docker
from tests.deploy.test_image import HARDENED

pytestmark = pytest.mark.timeout(900)
NAME = VOLUME = "fleetmcp-mistakes"
KEY = "Zk3-qT8xLm2RzYp7Nd5Hs9Bc4Fg6Jt1Ae0Uo"
WRONG = "wrong-horse-battery-staple"


class Installer:
    """Starts the image with settings of its own, and reads its log."""

    def __init__(self, docker: Docker, image: str, database: FleetDatabase) -> None:
        self.docker, self.image = docker, image
        self.password = database.password_file.read_text().strip()
        self.superuser = database.password
        self.good = {"SECRET_KEY": KEY, "DATABASE_URL": self.dsn()}

    def dsn(self, user: str = "analytics_ro", password: str = "", host: str = DB,
            port: int = 5432, name: str = DATABASE) -> str:  # fmt: skip
        """Return a DSN with one part changed."""
        return f"postgresql://{user}:{password or self.password}@{host}:{port}/{name}"

    def start(self, *words: str, **settings: str) -> None:
        """Start the container; settings that are "" are left out."""
        self.docker.forget(NAME)
        given = [f"--env={k}={v}" for k, v in (self.good | settings).items() if v]
        self.docker(
            "run", "--detach", "--name", NAME, "--network", NETWORK, *HARDENED, *given, *words,
            self.image,
        )  # fmt: skip

    def log(self) -> str:
        """Return what it said so far, which holds no password."""
        done = self.docker.run("docker", "logs", NAME)
        said = done.stdout + done.stderr
        assert not [word for word in (self.password, self.superuser, WRONG, KEY) if word in said]
        assert "Traceback" not in said
        return said

    def until(self, *words: str, seconds: float = 120) -> str:
        """Return the log once it holds one of the words."""
        deadline = time.monotonic() + seconds
        while not any(word in self.log() for word in words):
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.3)
        return self.log()

    def ended(self) -> str:
        """Return the log of a container that gave up, by itself and soon."""
        deadline = time.monotonic() + 30
        while self.docker.inspect(NAME, "{{.State.Running}}") == "true":
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.2)
        assert self.docker.inspect(NAME, "{{.State.ExitCode}}") != "0"
        return self.log()


@pytest.fixture
def installer(docker: Docker, image: str, database: FleetDatabase) -> Iterator[Installer]:
    """Somebody in a hurry."""
    yield Installer(docker, image, database)
    docker.forget(NAME)
    docker.run("docker", "volume", "rm", "--force", VOLUME, check=False)


@pytest.mark.proves("DEPLOY-MISTAKES")
@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"SECRET_KEY": ""}, "Set SECRET_KEY (or SECRET_KEY_FILE) to at least 32 random"),
        ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/no"}, "The file that SECRET_KEY_FILE names can't"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set. Set DATABASE_URL to postgresql://"),
        ({"DATABASE_URL": "localhost:5432"}, "DATABASE_URL is not a PostgreSQL URL. Write"),
        ({"PUBLIC_URL": "fleetmcp.example.com"}, "PUBLIC_URL must be an address without a path"),
        ({"PUBLIC_URL": "https://a.example/mcp"}, "PUBLIC_URL must be an address without a path"),
        ({"APP_DB_FILE": "/nowhere/a.sqlite3"}, "The folder of APP_DB_FILE is not there"),
    ],
)
def test_setting_that_is_missing_or_odd_ends_the_start_at_once(
    installer: Installer, settings: dict[str, str], sentence: str
) -> None:
    installer.start(**settings)
    said = installer.ended()
    assert sentence in said
    assert len(said.splitlines()) == 1


@pytest.mark.proves("DEPLOY-MISTAKES")
@pytest.mark.parametrize("options", ["", ":ro"])
def test_volume_that_cannot_be_written_ends_the_start_at_once(
    installer: Installer, options: str
) -> None:
    owner = "10001:10001" if options else "0:0"
    installer.docker(
        "run", "--rm", "--user", "0", "--volume", f"{VOLUME}:/data", installer.image,
        "sh", "-c", f"touch /data/fleetmcp.sqlite3 && chown -R {owner} /data",
    )  # fmt: skip
    installer.start("--volume", f"{VOLUME}:/data{options}")
    assert "can't be written by user 10001:10001: mount the volume" in installer.ended()


@pytest.mark.proves("DEPLOY-MISTAKES")
@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"host": "nowhere"}, "The name nowhere has no address here. Connect this container"),
        ({"password": WRONG}, "refuses us: the password is wrong, or the role is not there."),
        ({"name": "nowhere"}, "refuses us: there is no such database or role."),
        ({"port": 5433}, "refuses us: nothing listens on that host and port."),
        ({"name": f"{DATABASE}?sslmode=require"}, "refuses us: it speaks no TLS"),
    ],
)
def test_analytics_database_that_cannot_be_reached_is_told_why(
    installer: Installer, part: dict[str, str], sentence: str
) -> None:
    installer.start(DATABASE_URL=installer.dsn(**part))  # type: ignore[arg-type]  # a port
    said = installer.until("questions can't run yet", "startup complete")
    assert "database_unavailable. " in said
    assert sentence in said


@pytest.mark.proves("DEPLOY-MISTAKES")
def test_superuser_is_refused_in_a_line_that_can_be_read(installer: Installer) -> None:
    installer.start(DATABASE_URL=installer.dsn("postgres", installer.superuser))
    said = installer.until("questions can't run yet")
    [line, *_] = [line for line in said.splitlines() if "is not read-only" in line]
    assert "it is a superuser" in line
    assert "Use analytics_ro there" in line
    assert len(line) < 600


@pytest.mark.proves("DEPLOY-MISTAKES")
@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"host": "nowhere"}, "waiting for the app database: the host's name is unknown here"),
        ({"password": WRONG}, "waiting for the app database: the password is wrong"),
        ({}, "name the owner of a database of fleetmcp's own, never the analytics database"),
    ],
)
def test_app_database_that_cannot_be_used_is_told_why(
    installer: Installer, part: dict[str, str], sentence: str
) -> None:
    installer.start(APP_DATABASE_URL=installer.dsn(**part))  # type: ignore[arg-type]  # no port
    assert sentence in installer.until(sentence)


@pytest.mark.proves("DEPLOY-MISTAKES")
def test_page_under_a_name_that_nobody_set_says_which_setting_is_missing(
    installer: Installer,
) -> None:
    installer.start()
    installer.until("startup complete")
    url = f"http://{installer.docker.address(NAME, NETWORK)}:8892/"
    reply = httpx.get(url, headers={"Host": "fleetmcp.example.com"})
    assert reply.status_code == httpx.codes.BAD_REQUEST
    assert "set PUBLIC_URL to the address that people use" in " ".join(reply.text.split())
    assert "fleetmcp.example.com" not in reply.text


@pytest.mark.proves("DEPLOY-MISTAKES")
def test_address_without_tls_is_a_failure_for_the_doctor(installer: Installer) -> None:
    installer.start(PUBLIC_URL="http://fleetmcp.example.com")
    installer.until("startup complete")
    done = installer.docker.run(
        "docker", "exec", NAME, "python", "manage.py", "doctor", check=False
    )
    assert "tokens would travel in the clear" in done.stdout
    assert "set PUBLIC_URL to the https address" in done.stdout
