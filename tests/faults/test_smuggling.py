"""Requests hidden in others: sent to the server itself, and through nginx, which keeps its
connections to the server."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scripts.nginx import MISSING, PROGRAM, balancing, certificate, running
from tests.faults.house import House, call
from tests.faults.saw import Saw
from tests.faults.sockets import connected, head, read_all
from tests.live import free_port

NAME = "localhost"
SMUGGLED = {
    "CL and TE": "Content-Length: {n}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
    "two CLs": "Content-Length: 0\r\nContent-Length: {n}\r\n\r\n{hidden}",
    "CL list": "Content-Length: 0, {n}\r\n\r\n{hidden}",
    "CL with plus": "Content-Length: +{n}\r\n\r\n{hidden}",
    "bad chunk size": "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{hidden}",
    "chunk size with minus": "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n{hidden}",
    "TE with blank": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{hidden}",
    "odd TE": "Transfer-Encoding: xchunked\r\nContent-Length: {n}\r\n\r\n{hidden}",
    "obs-fold": "X: a\r\n Content-Length: 3\r\nContent-Length: {n}\r\n\r\n{hidden}",
    "bare LF": "X: a\nContent-Length: {n}\n\n{hidden}",
    "NUL": "X: a\x00b\r\nContent-Length: {n}\r\n\r\n{hidden}",
    "bare CR": "X: a\rContent-Length: 0\r\nContent-Length: {n}\r\n\r\n{hidden}",
}


def _hiding(head_of_it: str, shape: str) -> bytes:
    """Return a request in that shape that hides a call without a token."""
    body = call("query", sql="SELECT 'smuggled'")
    hidden = f"POST /mcp HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    return (head_of_it + shape.format(n=len(hidden), hidden=hidden)).encode("latin-1")


def _answers(client: socket.socket, request: bytes) -> list[bytes]:
    """Send it as it stands and return the statuses that come back."""
    client.sendall(request)
    return re.findall(rb"HTTP/1\.1 (\d+)", read_all(client, 1.5))


@pytest.mark.proves("FAULT-SMUGGLING")
@pytest.mark.fault(
    "A second request hidden in the body of one without a token, in twelve shapes",
    "400 or 401, one answer each, two where chunks say so; no call runs, nor borrows a token",
)
def test_hidden_request_gets_no_answer_of_its_own(on_sqlite: House, saw: Saw) -> None:
    statuses = {}
    # Neither head has a token, and what is hidden may not borrow one.
    for name, shape in SMUGGLED.items():
        with connected(on_sqlite) as client:
            request = _hiding(f"POST /mcp HTTP/1.1\r\nHost: {NAME}\r\n", shape)
            found = _answers(client, request)
        assert {*found} <= {b"400", b"401"}, (name, found)
        statuses[name] = len(found)
    saw(f"answers: {', '.join(f'{name} {count}' for name, count in statuses.items())}")
    assert not on_sqlite.asked("SELECT 'smuggled'")
    assert on_sqlite.rows("1 = 1") == 0
    # Ending with a chunk of size 0 is the only shape whose rest really is a second request.
    assert {name for name, count in statuses.items() if count > 1} <= {"CL and TE"}
    assert "Traceback" not in on_sqlite.server.log()
    on_sqlite.prove()


@pytest.fixture
def nginx(
    on_sqlite: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[int, ssl.SSLContext]]:
    """Run nginx before the server; yields its port and what trusts its certificate."""
    if not PROGRAM:
        pytest.skip(MISSING)
    file, port = certificate(tmp_path), free_port()
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    backend = on_sqlite.server.url.removeprefix("http://")
    text = balancing(tmp_path, port, [backend], tls=True, kept_open=4)
    with running(tmp_path, port, text):
        yield port, ssl.create_default_context(cafile=str(file))


@pytest.mark.proves("FAULT-SMUGGLING")
@pytest.mark.fault(
    "A second request hidden in the body of one with a token, in twelve shapes, through nginx",
    "what is hidden runs nowhere; the next client on the same connections gets its own answer",
)
def test_hidden_request_gets_no_answer_through_a_proxy(
    on_sqlite: House, nginx: tuple[int, ssl.SSLContext], saw: Saw
) -> None:
    port, trusting = nginx
    seen = []
    for name, shape in SMUGGLED.items():
        with (
            socket.create_connection(("127.0.0.1", port)) as raw,
            trusting.wrap_socket(raw, server_hostname=NAME) as client,
        ):
            found = _answers(client, _hiding(head(on_sqlite), shape))
        seen.append(f"{name} {b' '.join(found).decode() or 'hung up on'}")
        assert {*found} <= {b"400", b"401", b"501"}, (name, found)
        asked = httpx.post(
            f"https://{NAME}:{port}/mcp", content=call("query", sql=f"SELECT '{name}'"),
            headers=on_sqlite.server.headers("bob"), verify=trusting,
        )  # fmt: skip
        assert on_sqlite.answer(asked).rows == [[name]]
    saw(f"answers: {', '.join(seen)}")
    assert not on_sqlite.asked("SELECT 'smuggled'")
    on_sqlite.prove()
