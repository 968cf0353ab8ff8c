"""The wire between a server and its database, which can be cut, go silent, forget or be slow."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.live import free_port

_CHUNK = 65_536


class Wire:
    """A TCP relay to one port of this host, on a thread of its own."""

    def __init__(self, target: Callable[[], int]) -> None:
        self.port = free_port()
        self._target = target
        self._delay = 0.0
        self._trap = b""
        self._silent = self._cut = False
        self._pairs: list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = []
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Listen; return when it does."""
        self._thread.start()
        opened = asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self._server = asyncio.run_coroutine_threadsafe(opened, self._loop).result(10)

    def stop(self) -> None:
        """Reset what is open and end the thread."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def clients(self) -> list[int]:
        """Return the ports from which the server is connected."""
        ends = [writer for writer, _ in self._pairs if not writer.is_closing()]
        return [writer.get_extra_info("peername")[1] for writer in ends]

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Reset every connection, and each new one, meanwhile."""
        self._cut = True
        self._call(self._reset)
        yield
        self._cut = False

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Take everything and pass nothing on meanwhile; afterwards pass on what was held up."""
        self._silent = True
        yield
        self._silent = False

    @contextmanager
    def forgotten(self) -> Iterator[None]:
        """Lose what is open without a word to the server, as a firewall does; new ones work."""
        self._call(self._lose)
        yield

    @contextmanager
    def losing(self, word: bytes) -> Iterator[None]:
        """Lose any connection on which the word is sent meanwhile; then reset all."""
        self._trap = word
        yield
        self._trap = b""
        self._call(self._reset)

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Hold up each packet, in both directions, meanwhile."""
        self._delay = seconds
        yield
        self._delay = 0.0

    def _call(self, what: Callable[[], None]) -> None:
        async def called() -> None:
            what()

        asyncio.run_coroutine_threadsafe(called(), self._loop).result(10)

    async def _end(self) -> None:
        assert self._server
        self._server.close()
        self._lose()
        self._reset()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def _reset(self) -> None:
        for pair in self._pairs:
            for end in pair:
                end.transport.abort()
        self._pairs.clear()

    def _lose(self) -> None:
        for pump in self._pumps:
            pump.cancel()
        for _, back in self._pairs:
            back.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.transport.abort()
            return
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._target())
            self._pairs.append((writer, back))
            if self._cut:  # since it was accepted: it must not outlive the cut
                self._reset()
                return
            for source, sink in ((reader, back), (there, writer)):
                pump = asyncio.create_task(self._pump(source, sink))
                self._pumps.add(pump)
                pump.add_done_callback(self._pumps.discard)
            return
        writer.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK):
                if self._trap and self._trap in data:
                    await asyncio.Event().wait()
                await asyncio.sleep(self._delay)
                while self._silent:
                    await asyncio.sleep(0.05)
                sink.write(data)
                await sink.drain()
        sink.close()
