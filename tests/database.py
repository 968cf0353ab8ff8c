"""SQL on a connection of one's own, beside the server's."""

from __future__ import annotations

from typing import Any

import psycopg2


def execute(dsn: str, sql: str) -> list[tuple[Any, ...]]:
    """Run SQL on a connection of its own and return the rows, if there are any."""
    connection = psycopg2.connect(dsn)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
