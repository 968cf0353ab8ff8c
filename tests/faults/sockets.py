"""Connections held by hand, for clients that no library would be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.faults.house import House


def connected(house: House) -> socket.socket:
    """Return a fresh connection to the server."""
    where = ("127.0.0.1", int(house.server.url.rpartition(":")[2]))
    return socket.create_connection(where, timeout=60)


def head(house: House, *more: str, who: str = "alice") -> str:
    """Return a request's head without its end."""
    lines = [f"{name}: {value}" for name, value in house.server.headers(who).items()]
    return "\r\n".join(["POST /mcp HTTP/1.1", "Host: 127.0.0.1", *lines, *more]) + "\r\n"


def read_all(client: socket.socket, seconds: float = 5) -> bytes:
    """Return what comes until the server closes, or nothing came for that long."""
    client.settimeout(seconds)
    got = b""
    try:
        while part := client.recv(65_536):
            got += part
    except (TimeoutError, ConnectionResetError):
        pass
    return got


def hung_up(client: socket.socket) -> bool:
    """Say whether the server has closed the connection."""
    client.setblocking(False)
    try:
        while client.recv(65_536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        client.setblocking(True)


@contextmanager
def dripping(clients: list[socket.socket]) -> Iterator[None]:
    """Send a byte on each connection every second meanwhile."""
    over = threading.Event()

    def drip() -> None:
        while not over.wait(1):
            for client in clients:
                try:
                    client.send(b"x")
                except OSError:
                    continue

    with ThreadPoolExecutor(1) as pool:
        pool.submit(drip)
        try:
            yield
        finally:
            over.set()
