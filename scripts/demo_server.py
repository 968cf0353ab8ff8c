"""The demo: a filled database, an app database, a few people, one token, and the server."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn

from scripts.demo_db import BinariesMissingError, ClusterError, RoleError, prepare

HOST, PORT = "127.0.0.1", 8892
HOME = Path(__file__).resolve().parent.parent / ".local" / "demo"


def main() -> None:
    """Start everything and serve until Ctrl-C; whatever goes wrong ends in one sentence."""
    arguments = _arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        _require_free_port()
        if arguments.reset:
            _forget()
        HOME.mkdir(parents=True, exist_ok=True)
        with _database() as dsn:
            _settings(dsn)
            token, password = _people()
            print(_welcome(token, password), flush=True)
            uvicorn.run("fleetmcp.asgi:application", host=HOST, port=PORT, log_level="warning")
    except (BinariesMissingError, ClusterError, RoleError, OSError) as error:
        sys.exit(f"fleetmcp: {error}")
    except KeyboardInterrupt:
        pass


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--reset", action="store_true", help="throw the demo's data away first")
    return parser.parse_args()


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def _require_free_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, PORT))
        except OSError:
            sys.exit(f"fleetmcp: port {PORT} is in use. Is another demo running? Stop it first.")


def _forget() -> None:
    """Remove the demo's folder, its server stopped first so that nothing writes into it."""
    from scripts.demo_db import Cluster

    if (HOME / "postgres").exists():
        Cluster(HOME / "postgres").remove()
    shutil.rmtree(HOME, ignore_errors=True)


@contextmanager
def _database() -> Iterator[str]:
    """Yield the DSN to read with: the one that is set, or that of a server of our own."""
    given = os.environ.get("DATABASE_URL", "")
    if given or os.environ.get("DATABASE_URL_FILE"):
        yield given
        return
    local = prepare(HOME / "postgres")
    try:
        yield local.analytics_dsn
    finally:
        local.cluster.stop()


def _settings(dsn: str) -> None:
    """Set the environment of the server, then let Django read it and migrate."""
    if dsn:
        os.environ["DATABASE_URL"] = dsn
    os.environ |= {
        "SECRET_KEY": _kept("secret_key"),
        "APP_DB_FILE": str(HOME / "app.sqlite3"),
        "STATIC_ROOT": str(HOME / "static"),
        "PUBLIC_URL": f"http://{HOST}:{PORT}",
        "DJANGO_SETTINGS_MODULE": "fleetmcp.settings",
    }
    (HOME / "static").mkdir(exist_ok=True)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


def _kept(name: str) -> str:
    """Return a random secret that is made once and kept in the demo's folder, 0600."""
    path = HOME / name
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


def _people() -> tuple[str, str]:
    """Return alice's token and the password of tess and otto; make what isn't there yet."""
    from django.contrib.auth.models import Permission

    from accounts.models import User

    password = _kept("password")[:16]
    if not User.objects.filter(username="tess").exists():
        User.objects.create_superuser("tess", password=password)
    if not User.objects.filter(username="otto").exists():
        otto = User.objects.create_user("otto", password=password, is_staff=True)
        seen = ("view_querylog", "view_user", "view_analysttoken")
        otto.user_permissions.set(Permission.objects.filter(codename__in=seen))
    return _token(), password


def _token() -> str:
    """Return alice's demo token: the one kept here while it works, else a new one."""
    from accounts.authentication import authenticate
    from accounts.services import ensure_analyst, issue_token

    path = HOME / "token"
    if path.exists() and authenticate(f"Bearer {path.read_text()}"):
        return path.read_text()
    issued = issue_token(user=ensure_analyst(username="alice"), label="demo")
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(issued.secret)
    return issued.secret


def _welcome(token: str, password: str) -> str:
    from accounts.connecting import claude_code_line

    return f"""
fleetmcp serves the demo fleet at http://{HOST}:{PORT}   (Ctrl-C stops it)

Connect Claude Code as the analyst alice: paste

  {claude_code_line(token)}

then ask, for example

  - Which tables are there, and what is in them?
  - What were the top 10 cost centres by distance in the last 30 days?
  - Which vehicles idled the most last week, and what fuel did that cost?

Team lead and auditor: http://{HOST}:{PORT}/admin/
  tess (team lead) or otto (auditor), password {password}
"""


if __name__ == "__main__":
    main()
