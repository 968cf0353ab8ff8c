"""nginx with TLS in front of several fleetmcp, as one address."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONFIG = """
pid {home}/nginx.pid;
error_log {home}/error.log;
daemon off;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
  log_format turns "$upstream_addr $status";
  access_log {home}/access.log turns;
  client_body_temp_path {home}; proxy_temp_path {home}; fastcgi_temp_path {home};
  uwsgi_temp_path {home}; scgi_temp_path {home};
  upstream fleetmcp {{ {servers} }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {home}/cert.pem;
    ssl_certificate_key {home}/key.pem;
    location / {{
      proxy_pass http://fleetmcp;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Request-Id $request_id;
      proxy_buffering off;
      proxy_read_timeout 120s;
      proxy_next_upstream error timeout http_502 http_503 non_idempotent;
    }}
  }}
}}
"""


def certificate(home: Path) -> Path:
    """Make a certificate for localhost, signed by itself, and return its file."""
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split()
    words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem")]
    subprocess.run(["openssl", *words, *files], check=True, capture_output=True)
    return home / "cert.pem"


@contextmanager
def nginx(home: Path, port: int, backends: list[str]) -> Iterator[None]:
    """Serve https://localhost:<port> from these host:port, taking turns."""
    servers = " ".join(f"server {backend} max_fails=0;" for backend in backends)
    with running(home, port, CONFIG.format(home=home, port=port, servers=servers)):
        yield


@contextmanager
def running(home: Path, port: int, text: str) -> Iterator[None]:
    """Run nginx with this configuration; it must answer at https://localhost:<port>."""
    assert PROGRAM
    config = home / "nginx.conf"
    config.write_text(text)
    process = subprocess.Popen(
        [PROGRAM, "-c", str(config), "-p", str(home)], stderr=subprocess.DEVNULL
    )
    try:
        _wait(f"https://localhost:{port}/healthz")
        yield
    finally:
        process.terminate()
        process.wait()


def _wait(address: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            httpx.get(address)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(address)
