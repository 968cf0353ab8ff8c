"""The demo: a filled database, an app database, a few people, one token, and the server."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn

from fleetmcp.env import BadSetting
from scripts.demo_db import BinariesMissingError, Cluster, ClusterError, RoleError, prepare
from scripts.demo_home import HERE, HOST, Demo
from scripts.demo_people import passwords, token_of_alice, welcome


def main() -> None:
    """Start everything and serve until Ctrl-C; whatever goes wrong ends in one sentence."""
    arguments = _arguments()
    demo = Demo(arguments.home.resolve(), arguments.port)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        _require_free_port(demo)
        with _alone(demo):
            if arguments.reset:
                _forget(demo)
            _run(demo)
    except (BadSetting, BinariesMissingError, ClusterError, RoleError, OSError) as error:
        sys.exit(f"fleetmcp: {error}")
    except KeyboardInterrupt:
        pass


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--reset", action="store_true", help="throw the demo's data away first")
    parser.add_argument("--port", type=int, default=8892, help="port of 127.0.0.1 to serve on")
    parser.add_argument("--home", type=Path, default=HERE, help="folder for the demo's data")
    return parser.parse_args()


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def _require_free_port(demo: Demo) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, demo.port))
        except OSError:
            sys.exit(
                f"fleetmcp: port {demo.port} is in use. Is another demo running? Stop it first."
            )


@contextmanager
def _alone(demo: Demo) -> Iterator[None]:
    """Hold the demo's folder: a second demo in it would stop the PostgreSQL of the first."""
    demo.home.mkdir(parents=True, exist_ok=True)
    handle = os.open(demo.home, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"fleetmcp: a demo runs in {demo.home} already. Stop it, or name another --home.")
    try:
        yield
    finally:
        os.close(handle)


def _run(demo: Demo) -> None:
    with _database(demo) as dsn:
        _settings(demo, dsn)
        _serve(demo, welcome(demo, token_of_alice(demo), passwords(demo)))


def _forget(demo: Demo) -> None:
    """Empty the demo's folder, its PostgreSQL first; never a folder that isn't a demo's."""
    if any(demo.home.iterdir()) and not demo.is_ours():
        sys.exit(f"fleetmcp: {demo.home} holds other things than a demo; name another --home.")
    if (demo.home / "postgres").exists():
        Cluster(demo.home / "postgres").remove()
    for path in demo.home.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


@contextmanager
def _database(demo: Demo) -> Iterator[str]:
    """Yield the DSN to read with: the one that is set, or that of a server of our own."""
    given = os.environ.get("DATABASE_URL", "")
    if given or os.environ.get("DATABASE_URL_FILE"):
        yield given
        return
    home = demo.home / "postgres"
    try:
        yield prepare(home).analytics_dsn
    finally:
        # Not what prepare returned: Ctrl-C may come while it is still loading.
        if home.exists():
            Cluster(home).stop()


def _settings(demo: Demo, dsn: str) -> None:
    """Set the environment of the server, then let Django read it and migrate."""
    if dsn:
        os.environ["DATABASE_URL"] = dsn
    os.environ |= {
        "SECRET_KEY": demo.kept("secret_key"),
        "APP_DB_FILE": str(demo.home / "app.sqlite3"),
        "STATIC_ROOT": str(demo.home / "static"),
        "PUBLIC_URL": demo.url,
        "DJANGO_SETTINGS_MODULE": "fleetmcp.settings",
    }
    # On loopback only, and nobody wants to pair a phone to look around.
    os.environ.setdefault("REQUIRE_TWO_FACTOR", "never")
    (demo.home / "static").mkdir(exist_ok=True)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


class _Announced(uvicorn.Server):
    """Says its piece once it answers."""

    welcome = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the welcome."""
        await super().startup(sockets)
        if self.started:
            print(self.welcome, flush=True)


def _serve(demo: Demo, welcome: str) -> None:
    server = _Announced(
        uvicorn.Config(
            "fleetmcp.asgi:application",
            host=HOST,
            port=demo.port,
            log_config=None,
            access_log=False,
            lifespan="on",
            proxy_headers=False,
            timeout_graceful_shutdown=10,
        )
    )
    server.welcome = welcome
    server.run()
    if not server.started:
        sys.exit("fleetmcp: the server could not start; the lines above say why.")


if __name__ == "__main__":
    main()
