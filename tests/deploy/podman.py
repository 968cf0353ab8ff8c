"""A Docker of the tests' own: podman behind its socket, with storage that is kept between runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fleetmcp"
BASE, TRIXIE = CACHE / "python-base.tar", CACHE / "trixie-pg17"
PYTHON = "docker.io/library/python:3.13-slim"
POSTGRES = "docker.io/library/postgres:17"
NEEDED = ("podman", "buildah", "runc")


class Missing(Exception):
    """This machine can't run containers; the text says what would help."""


@dataclass(frozen=True)
class Docker:
    """The ``docker`` command, and everything that tests do with it."""

    environ: dict[str, str]

    def run(
        self, *words: str, check: bool = True, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command where ``docker`` speaks to our podman."""
        done = subprocess.run(
            words, env=self.environ | environ, cwd=ROOT, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done

    def __call__(self, *words: str) -> str:
        """Run a docker command that must succeed; return what it prints."""
        return self.run("docker", *words).stdout.strip()

    def inspect(self, name: str, what: str) -> str:
        """Return a part of what is known of a container or image."""
        return self("inspect", "--format", what, name)

    def address(self, container: str, network: str) -> str:
        """Return the address that this machine reaches a container at."""
        known = json.loads(self.inspect(container, "{{json .NetworkSettings.Networks}}"))
        return str(known[network]["IPAddress"])

    def exists(self, name: str) -> bool:
        """Say whether there is such a container."""
        return self.run("docker", "container", "inspect", name, check=False).returncode == 0

    def forget(self, *names: str) -> None:
        """Remove containers that may be there."""
        for name in names:
            self.run("docker", "rm", "--force", "--volumes", name, check=False)


def require() -> None:
    """Raise Missing when containers can't run here, or were not asked for."""
    if os.environ.get("FLEETMCP_TEST_CONTAINERS") != "1":
        raise Missing("containers take minutes: set FLEETMCP_TEST_CONTAINERS=1")
    if os.geteuid() != 0:
        raise Missing("containers take root here")
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing or not BASE.exists():
        raise Missing("no podman or no base image here: as root, run scripts/podman_base build")
    if not TRIXIE.exists():
        raise Missing("no TimescaleDB for containers here: run scripts/trixie_postgres build")


@contextmanager
def service(folder: Path) -> Iterator[Docker]:
    """Serve podman's Docker API on a socket of its own and yield the command. Raises Missing."""
    require()
    environ = _surroundings(folder)
    socket = folder / "podman.sock"
    process = subprocess.Popen(
        ["podman", "system", "service", "--time=0", f"unix://{socket}"],
        env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    docker = Docker(environ | {"DOCKER_HOST": f"unix://{socket}", "DOCKER_BUILDKIT": "0"})
    stop = threading.Event()
    ticks = threading.Thread(target=_tick, args=(environ, stop))
    try:
        _wait_for(socket)
        ticks.start()
        yield docker
    finally:
        stop.set()
        if ticks.ident:
            ticks.join()
        process.terminate()
        process.wait()


def _surroundings(folder: Path) -> dict[str, str]:
    """Write podman's configuration; return the environment that names it."""
    storage, engine = folder / "storage.conf", folder / "containers.conf"
    storage.write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{CACHE / "containers"}"\n'
        f'runroot = "{CACHE / "containers-run"}"\n'
    )
    engine.write_text(
        f'[engine]\nruntime = "plain"\n[engine.runtimes]\nplain = ["{HERE / "runc"}"]\n'
    )
    programs = folder / "bin"
    programs.mkdir()
    if shutil.which("docker") is None:
        (programs / "docker").symlink_to(str(shutil.which("podman")))
    return {
        "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder),
        "CONTAINERS_STORAGE_CONF": str(storage), "CONTAINERS_CONF": str(engine),
        "BUILDAH_ISOLATION": "chroot",
    }  # fmt: skip


def _tick(environ: dict[str, str], stop: threading.Event) -> None:
    """Run the health checks, which podman leaves to systemd."""
    while not stop.wait(2):
        names = subprocess.run(
            ["podman", "ps", "--format", "{{.Names}}"], env=environ, capture_output=True, text=True,
            check=False,
        ).stdout.split()  # fmt: skip
        for name in names:
            subprocess.run(
                ["podman", "healthcheck", "run", name],
                env=environ,
                capture_output=True,
                check=False,
            )


def _wait_for(socket: Path) -> None:
    deadline = time.monotonic() + 20
    while not socket.exists():
        if time.monotonic() > deadline:
            raise Missing("podman's service does not start here")
        time.sleep(0.1)


def base_images(docker: Docker) -> None:
    """Make the stand-ins for the two official images that ours begin with, once."""
    if docker.run("podman", "image", "exists", PYTHON, check=False).returncode:
        docker.run("podman", "import", str(BASE), PYTHON)
    if docker.run("podman", "image", "exists", "trixie-pg17", check=False).returncode:
        archive = f"tar -C {TRIXIE} -c --exclude=./dev --exclude=./proc --exclude=./sys . "
        docker.run("sh", "-c", archive + "| podman import - trixie-pg17")
    context = ["--format", "docker", "--tag", POSTGRES, "--file", "-", str(HERE)]
    recipe = (
        "FROM localhost/trixie-pg17\nCOPY postgres-entrypoint /entrypoint\n"
        'RUN mkdir -p /dev /proc /sys /var/run/postgresql\nENTRYPOINT ["/entrypoint"]\n'
    )
    docker.run("sh", "-c", f"printf '%s' '{recipe}' | buildah bud --layers {' '.join(context)}")
