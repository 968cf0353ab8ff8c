"""Short superuser sessions on a local server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import psycopg2
from psycopg2 import extensions


class Server(Protocol):
    """A Cluster, or any other server that lets us in as its superuser."""

    def superuser_dsn(self, dbname: str) -> str:
        """The way in to one of its databases."""


@contextmanager
def session(server: Server, dbname: str) -> Iterator[extensions.cursor]:
    """A cursor of the superuser; every statement commits by itself."""
    connection = psycopg2.connect(server.superuser_dsn(dbname))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@contextmanager
def transaction(server: Server, dbname: str) -> Iterator[extensions.cursor]:
    """A cursor of the superuser; all or nothing."""
    with session(server, dbname) as cursor:
        cursor.execute("BEGIN")
        yield cursor
        cursor.execute("COMMIT")
