"""One question on its way to the database, and the handle to stop it."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg2

_NAME_BYTES = 63


@dataclass
class Ticket:
    """One question on its way: who asks, under which number, and the handle to stop it.

    ``waited`` is how many seconds it queued; ``sent`` how many statements were sent for it.
    """

    analyst: str
    query_id: str
    cancelled_by: str = ""
    waited: float = 0.0
    sent: int = 0
    when_cancelled: Callable[[], object] | None = None
    _raw: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _since: float | None = None
    _spent: float = 0.0

    @property
    def application_name(self) -> str:
        """Return ``fleetmcp:<analyst>:<query id>`` as pg_stat_activity shows it (63 bytes)."""
        tail = f":{self.query_id}"
        who = re.sub(r"[^\w.@+-]", "?", self.analyst, flags=re.ASCII)
        return f"fleetmcp:{who}"[: _NAME_BYTES - len(tail)] + tail

    def cancel(self, by: str) -> None:
        """Stop the statement if it is running; the lock keeps a late cancel off the next one.

        The socket is shut down, and PostgreSQL ends the statement within
        client_connection_check_interval. libpq's own cancel has no timeout and holds the GIL: a
        frozen database would freeze this whole process.
        """
        with self._lock:
            self.cancelled_by = self.cancelled_by or by
            if self._raw is not None:
                with suppress(psycopg2.Error, OSError), _duplicate(self._raw) as sock:
                    sock.shutdown(socket.SHUT_RDWR)
        if self.when_cancelled:
            self.when_cancelled()

    def hold(self, raw: Any) -> None:
        """Name the connection that a cancel must reach, or None when there is nothing to stop."""
        with self._lock:
            self._raw = raw
            self._spent = self.in_database
            self._since = None if raw is None else time.perf_counter()

    @property
    def in_database(self) -> float:
        """Return the seconds that it was held in a session, until now if it still is."""
        since = self._since
        return self._spent + (0.0 if since is None else time.perf_counter() - since)


def _duplicate(raw: Any) -> socket.socket:
    return socket.socket(fileno=os.dup(raw.fileno()))
