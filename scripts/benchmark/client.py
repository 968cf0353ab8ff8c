"""A client that costs next to nothing, so that what is measured is the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from statistics import median, quantiles

from scripts.benchmark.servers import Running


@dataclass(frozen=True)
class Measured:
    """Milliseconds of the calls that were answered, and calls a second over all clients.

    ``cpu`` is the milliseconds of processor time that the server's processes took for a call.
    """

    p50: float
    p99: float
    rate: float
    calls: int
    cpu: float


class UnexpectedAnswer(RuntimeError):
    """The server answered something else than the case expects."""


@dataclass(frozen=True)
class Load:
    """One kind of request: its bytes, several to take turns, the status that is right, and bytes
    that the body has.
    """

    requests: tuple[bytes, ...]
    status: int = 200
    holds: bytes = b""


def request(port: int, body: bytes, *headers: str) -> bytes:
    """Return an HTTP/1.1 request."""
    lines = [
        "POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        "Accept: application/json, text/event-stream",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def measure(server: Running, load: Load, clients: int, seconds: float) -> Measured:
    """Send the load over and over on so many connections, after a moment of warming up."""
    return asyncio.run(_measure(server, load, clients, seconds))


async def _measure(server: Running, load: Load, clients: int, seconds: float) -> Measured:
    await _clients(server.port, load, clients, min(1.0, seconds / 3))
    started, spent = time.perf_counter(), server.processor_seconds()
    times = await _clients(server.port, load, clients, seconds)
    took, spent = time.perf_counter() - started, server.processor_seconds() - spent
    p99 = quantiles(times, n=100)[98] if len(times) > 1 else times[0]
    count = len(times)
    return Measured(median(times), p99, count / took, count, 1000 * spent / count)


async def _clients(port: int, load: Load, clients: int, seconds: float) -> list[float]:
    until = time.perf_counter() + seconds
    requests = cycle(load.requests)
    found = await asyncio.gather(*(_client(port, load, requests, until) for _ in range(clients)))
    return [one for times in found for one in times]


async def _client(port: int, load: Load, requests: Iterator[bytes], until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**26)
    times: list[float] = []
    while not times or time.perf_counter() < until:
        started = time.perf_counter()
        writer.write(next(requests))
        status, body = await _answer(reader)
        times.append((time.perf_counter() - started) * 1000)
        if status != load.status or load.holds not in body:
            raise UnexpectedAnswer(f"{status}: {body[:300]!r}")
    writer.close()
    return times


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(None, 2)[1])
    if b"content-length:" in head:
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        return status, await reader.readexactly(length)
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return status, body
