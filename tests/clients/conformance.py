"""The MCP conformance suite on its own Node, and a door that carries the token for it."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.clients.claude_code import CACHE

VERSION = "0.2.0-alpha.12"
NODE = "22"


def installed() -> dict[str, str]:
    """Return the environment in which ``conformance`` runs; skip where it can't be installed."""
    home = CACHE / f"conformance-{VERSION}"
    commands = home / "node_modules" / ".bin"
    if not (commands / "conformance").exists():
        _install(home)
    if not (commands / "conformance").exists():
        pytest.skip(f"the MCP conformance suite {VERSION} can't be installed: see {home}/npm.log")
    return {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}


def _install(home: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, so the MCP conformance suite can't be")
    home.mkdir(parents=True, exist_ok=True)
    (home / "package.json").write_text('{"private": true}')
    packages = [f"node@{NODE}", f"@modelcontextprotocol/conformance@{VERSION}"]
    with (home / "npm.log").open("wb") as log:
        words = [npm, "install", "--no-audit", "--no-fund", *packages]
        subprocess.run(words, cwd=home, stdout=log, stderr=log, check=False)


class Door(ThreadingHTTPServer):
    """A server that doesn't tell about clients that hang up."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


@contextmanager
def with_token(address: str, token: str) -> Iterator[str]:
    """Yield an address that hands each request on with the token: the suite can't send one."""
    target = urlsplit(address)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _hand_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            # This door's own address stands for the server's; any other is handed on as it is.
            own = self.connection.getsockname()[1]
            headers = {
                name: value.replace(f"127.0.0.1:{own}", target.netloc)
                for name, value in self.headers.items()
            }
            headers["Authorization"] = f"Bearer {token}"
            away = http.client.HTTPConnection(target.netloc, timeout=60)
            away.request(self.command, self.path, body, headers)
            reply = away.getresponse()
            content = reply.read()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            away.close()

        do_POST = do_GET = do_DELETE = do_OPTIONS = _hand_on  # noqa: N815  # their names there

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            """Say nothing."""

    proxy = Door(("127.0.0.1", 0), Handler)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{proxy.server_address[1]}"
    finally:
        proxy.shutdown()
        proxy.server_close()
