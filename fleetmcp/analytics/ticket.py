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
    # Several, because one session may still be cleaned while the next one works already.
    _held: list[tuple[Any, float]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _spent: float = 0.0

    @property
    def application_name(self) -> str:
        """Return ``fleetmcp:<analyst>:<query id>`` as pg_stat_activity shows it (63 bytes)."""
        tail = f":{self.query_id}"
        who = re.sub(r"[^\w.@+-]", "?", self.analyst, flags=re.ASCII)
        return f"fleetmcp:{who}"[: _NAME_BYTES - len(tail)] + tail

    def cancel(self, by: str) -> None:
        """Stop what runs for it; the lock keeps a late cancel off the next question."""
        with self._lock:
            self.cancelled_by = self.cancelled_by or by
            _shut([raw for raw, _ in self._held])
        if self.when_cancelled:
            self.when_cancelled()

    def cut(self, some: list[Any]) -> None:
        """Shut down those of the connections that it still holds; it isn't cancelled by that."""
        with self._lock:
            _shut([raw for raw, _ in self._held if raw in some])

    def hold(self, raw: Any) -> None:
        """Name a connection that a cancel must reach."""
        with self._lock:
            self._held.append((raw, time.perf_counter()))

    def release(self, raw: Any) -> None:
        """Name a connection that a cancel must not reach any more."""
        with self._lock:
            for held in [held for held in self._held if held[0] is raw]:
                self._held.remove(held)
                self._spent += time.perf_counter() - held[1]

    @property
    def held(self) -> list[Any]:
        """Return the connections that a cancel would reach."""
        return [raw for raw, _ in self._held]

    @property
    def in_database(self) -> float:
        """Return the seconds that it held sessions, until now if it still does."""
        now = time.perf_counter()
        with self._lock:
            return self._spent + sum(now - since for _, since in self._held)


def _shut(connections: list[Any]) -> None:
    """Shut the sockets; PostgreSQL ends the statement within client_connection_check_interval.

    libpq's own cancel has no timeout and holds the GIL: a frozen database would freeze this whole
    process.
    """
    for raw in connections:
        with suppress(psycopg2.Error, OSError), _duplicate(raw) as sock:
            sock.shutdown(socket.SHUT_RDWR)


def _duplicate(raw: Any) -> socket.socket:
    return socket.socket(fileno=os.dup(raw.fileno()))
