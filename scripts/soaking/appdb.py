"""The database of tokens and record: a SQLite file, or a PostgreSQL server of its own."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Protocol

import psycopg2

from scripts.demo_db import Cluster, ports

NAME = "soak_app"


class AppDatabase(Protocol):
    """What the soak needs of either."""

    def environ(self) -> dict[str, str]:
        """Return the settings that lead there."""

    def size(self) -> int:
        """Return its bytes on disk."""

    def remove(self) -> None:
        """Leave nothing behind."""


class SqliteApp:
    """A file, in the folder of the run."""

    def __init__(self, home: Path) -> None:
        self._file = home / "app.sqlite3"

    def environ(self) -> dict[str, str]:
        """Return the settings that lead there."""
        return {"APP_DB_FILE": str(self._file)}

    def size(self) -> int:
        """Return the bytes of the file and of what is written ahead of it."""
        files = (self._file, self._file.with_name(f"{self._file.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def remove(self) -> None:
        """Nothing to do: the folder goes as a whole."""


class PostgresApp:
    """A server beside the analytics database's, so that each can be restarted alone."""

    def __init__(self, home: Path) -> None:
        folder = home / "app-database"
        folder.mkdir()
        folder.chmod(0o755)
        self.cluster = Cluster(folder, port=ports.pick())
        self.cluster.create()
        self.cluster.start()
        self._password = secrets.token_hex(16)
        self._run("postgres", f"CREATE ROLE {NAME} LOGIN PASSWORD '{self._password}'")
        self._run("postgres", f"CREATE DATABASE {NAME} OWNER {NAME}")

    def environ(self) -> dict[str, str]:
        """Return the settings that lead there."""
        where = f"127.0.0.1:{self.cluster.port}/{NAME}"
        return {"APP_DATABASE_URL": f"postgresql://{NAME}:{self._password}@{where}"}

    def size(self) -> int:
        """Return the bytes of the database."""
        return int(self._run(NAME, f"SELECT pg_database_size('{NAME}')"))

    def restart(self) -> None:
        """Stop and start the server."""
        self.cluster.stop()
        self.cluster.start()

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.cluster.remove()

    def _run(self, database: str, sql: str) -> int:
        connection = psycopg2.connect(self.cluster.superuser_dsn(database))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            found = cursor.fetchone() if cursor.description else None
        connection.close()
        return int(found[0]) if found else 0
