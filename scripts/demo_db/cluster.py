"""A PostgreSQL server of our own: made once, started, stopped, and safe to kill at any point."""

import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import psycopg2

from scripts.demo_db import account, binaries, ports, postmaster

SUPERUSER = "postgres"
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
DEFAULTS = MappingProxyType(
    {
        "listen_addresses": "127.0.0.1",
        "shared_buffers": "128MB",
        "max_wal_size": "2GB",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "password_encryption": "scram-sha-256",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }
)
HBA = """\
# The socket's folder is closed to everybody but the server's account and root.
local all all trust
host all all 127.0.0.1/32 scram-sha-256
"""
SOCKET_PATH_LIMIT = 103  # macOS; Linux allows 107
ATTEMPTS = 6
UNFINISHED = "data.new-"


class ClusterError(RuntimeError):
    """The server could not be made, started or stopped; the text ends with its log."""


class Cluster:
    """One data folder and the server on it. Every method may be repeated."""

    def __init__(
        self,
        home: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] = NO_SETTINGS,
        bin_dir: Path | None = None,
    ) -> None:
        self.home = home.resolve()
        self.settings = {**DEFAULTS, **settings}
        self.bin_dir = bin_dir or binaries.find_bin_dir()
        self._wanted_port = port
        self._account = account.server_account()
        self._base = account.reachable_base(self.home, self._account)
        self.data = self._base / "data"
        self.log_file = self._base / "server.log"
        # Beside the data folder, not in it: root writes no file where the server's account can.
        self._conf = self._base / "server.conf"

    @property
    def port(self) -> int:
        """The port of the running server, else the one that it had last."""
        known = self._running()
        return known.port if known else self._remembered_port()

    def create(self) -> None:
        """Make the data folder, whole or not at all."""
        for left_over in self._base.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        if (self.data / "PG_VERSION").exists():
            return
        # A new name each time: the initdb of a killed launcher may still be at work.
        fresh = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self._base))
        self._account.give(fresh)
        self._initdb(fresh)
        (fresh / "pg_hba.conf").write_text(HBA)
        with (fresh / "postgresql.conf").open("a") as conf:
            conf.write(f"\ninclude_if_exists = '../{self._conf.name}'\n")
        fresh.rename(self.data)

    def start(self) -> None:
        """Start the server, unless it runs. Raises ClusterError."""
        for attempt in range(ATTEMPTS):
            if self._answers():
                return
            # A killed server takes a moment to die, and its orphans to let go of shared memory.
            time.sleep(attempt / 2)
            if not self.running():
                self._launch()
        if not self._answers():
            raise ClusterError(f"PostgreSQL did not start:\n{self._log_tail()}")

    def stop(self) -> None:
        """Stop the server at once but cleanly; clients are disconnected."""
        known = self._running()
        if known is None:
            return
        if self._pg_ctl("stop", "-m", "fast") != 0:
            raise ClusterError(f"PostgreSQL did not stop:\n{self._log_tail()}")
        postmaster.forget_socket_dir(known.socket_dir)

    def remove(self) -> None:
        """Stop the server and delete everything that it kept."""
        self.stop()
        shutil.rmtree(self._base, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def running(self) -> bool:
        """Whether a server runs on this data folder."""
        return self._running() is not None

    def superuser_dsn(self, dbname: str) -> str:
        """The way in for the superuser: the unix socket, no password."""
        known = self._running()
        if known is None:
            raise ClusterError("PostgreSQL is not running here: start() it first.")
        folder = quote(str(known.socket_dir), safe="")
        return f"postgresql://{SUPERUSER}@/{quote(dbname)}?host={folder}&port={known.port}"

    def _running(self) -> postmaster.Postmaster | None:
        return postmaster.running(self.data)

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.superuser_dsn("postgres"), connect_timeout=5).close()
        except (ClusterError, psycopg2.OperationalError):
            return False
        return True

    def _launch(self) -> None:
        postmaster.forget_stale(self.data)
        self._configure()
        self._pg_ctl("start", "-l", self.log_file)

    def _initdb(self, folder: Path) -> None:
        speed = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        with tempfile.TemporaryFile("w+") as said:
            code = self._account.run(
                self._program("initdb"), "-D", folder, "-U", SUPERUSER, "-A", "trust",
                "--no-locale", "-E", "UTF8", *speed, output=said,
            )  # fmt: skip
            said.seek(0)
            if code != 0:
                raise ClusterError(f"initdb failed:\n{said.read()}")

    def _configure(self) -> None:
        chosen = {
            **self.settings,
            "port": str(self._choose_port()),
            "unix_socket_directories": str(self._socket_dir()),
        }
        lines = (f"{name} = '{_quoted(value)}'\n" for name, value in chosen.items())
        self._conf.write_text("".join(lines))
        self._conf.chmod(0o644)
        self.log_file.touch(0o600)
        self._account.give(self.log_file)

    def _choose_port(self) -> int:
        if self._wanted_port is not None:
            return self._wanted_port
        remembered = self._remembered_port()
        return remembered if remembered and ports.is_free(remembered) else ports.pick()

    def _remembered_port(self) -> int:
        if not self._conf.exists():
            return 0
        ports = (line.split("'")[1] for line in self._conf.read_text().splitlines()
                 if line.startswith("port ="))  # fmt: skip
        return int(next(ports, "0"))

    def _socket_dir(self) -> Path:
        folder = self._base / "run"
        if len(str(folder / ".s.PGSQL.65535").encode()) > SOCKET_PATH_LIMIT:
            folder = Path(
                tempfile.mkdtemp(prefix=postmaster.SHORT_PREFIX, dir=postmaster.SHORT_PLACE)
            )
        folder.mkdir(mode=0o700, exist_ok=True)
        self._account.give(folder)
        return folder

    def _pg_ctl(self, verb: str, *options: str | Path) -> int:
        return self._account.run(self._program("pg_ctl"), "-D", self.data, "-w", *options, verb)

    def _program(self, name: str) -> Path:
        return account.reachable_bin_dir(self.bin_dir, self._base, self._account) / name

    def _log_tail(self) -> str:
        if not self.log_file.exists():
            return "(no log)"
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-12:])


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
