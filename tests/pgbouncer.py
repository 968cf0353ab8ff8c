"""PgBouncer in transaction mode before a PostgreSQL of this run."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.demo_db import ports

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
MISSING = "pgbouncer is not installed (Debian: apt-get install pgbouncer)"
CONFIG = """
[databases]
{database} = host=127.0.0.1 port={server} dbname={database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {users}
pool_mode = transaction
default_pool_size = {sessions}
ignore_startup_parameters = {ignored}
"""


@contextmanager
def pooling(
    database: str, server: int, login: tuple[str, str], *, sessions: int, ignored: str = ""
) -> Iterator[int]:
    """Lead to a database of the PostgreSQL on that port; yields PgBouncer's own port."""
    assert PROGRAM
    folder = Path(tempfile.mkdtemp(prefix="pooler-"))
    folder.chmod(0o755)  # pytest's own are closed to the account nobody
    users, config, port = folder / "users.txt", folder / "pgbouncer.ini", ports.pick()
    users.write_text('"{}" "{}"\n'.format(*login))
    text = CONFIG.format(
        database=database, server=server, port=port, users=users, sessions=sessions, ignored=ignored
    )
    config.write_text(text)
    # It refuses to be root.
    somebody = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [PROGRAM, "-q", *somebody, str(config)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while ports.is_free(port):
        assert time.monotonic() < deadline, "pgbouncer does not listen"
        time.sleep(0.1)
