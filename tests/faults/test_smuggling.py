"""Requests hidden in others, sent through nginx, which keeps its connections to the server."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scripts.nginx import MISSING, PROGRAM, balancing, certificate, running
from tests.faults.conftest import Saw
from tests.faults.house import House, call
from tests.faults.test_door import SMUGGLED, head, read_all
from tests.live import free_port

NAME = "localhost"


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


def answers(port: int, trusting: ssl.SSLContext, request: str) -> list[bytes]:
    """Send it as it stands and return the statuses that come back."""
    with (
        socket.create_connection(("127.0.0.1", port)) as raw,
        trusting.wrap_socket(raw, server_hostname=NAME) as client,
    ):
        client.sendall(request.encode("latin-1"))
        return re.findall(rb"HTTP/1\.1 (\d+)", read_all(client, 1.5))


@pytest.mark.proves("FAULT-SMUGGLING")
@pytest.mark.fault(
    "A second request hidden in the body of one with a token, in twelve shapes, through nginx",
    "what is hidden runs nowhere; the next client on the same connections gets its own answer",
)
def test_hidden_request_gets_no_answer_through_a_proxy(
    on_sqlite: House, nginx: tuple[int, ssl.SSLContext], saw: Saw
) -> None:
    port, trusting = nginx
    body = call("query", sql="SELECT 'smuggled'")
    hidden = f"POST /mcp HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    seen = []
    for name, shape in SMUGGLED.items():
        found = answers(
            port, trusting, head(on_sqlite) + shape.format(n=len(hidden), hidden=hidden)
        )
        seen.append(f"{name} {b' '.join(found).decode() or 'hung up on'}")
        assert {*found} <= {b"400", b"401", b"501"}, (name, found)
        asked = httpx.post(
            f"https://{NAME}:{port}/mcp", content=call("query", sql=f"SELECT '{name}'"),
            headers=on_sqlite.server.headers("bob"), verify=trusting,
        )  # fmt: skip
        assert on_sqlite.answer(asked.status_code, asked.text).rows == [[name]]
    saw(f"answers: {', '.join(seen)}")
    assert "SELECT 'smuggled'" not in on_sqlite.fleet.cluster.log_file.read_text()
    on_sqlite.prove()
