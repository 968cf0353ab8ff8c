"""nginx on loopback, with or without TLS, in front of one fleetmcp or of several."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.demo_db import ports

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
MISSING = "nginx is missing (Debian: apt-get install nginx-light)"
_START_SECONDS = 20.0
_WHOLE = """
pid {home}/nginx.pid;
error_log {home}/error.log;
daemon off;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
  log_format turns "$upstream_addr $status";
  access_log {home}/access.log turns;
  client_body_temp_path {home}; proxy_temp_path {home}; fastcgi_temp_path {home};
  uwsgi_temp_path {home}; scgi_temp_path {home};
  {inner}
}}
"""
_BALANCER = """
  upstream fleetmcp {{ {servers} }}
  server {{
    {listen}
    keepalive_requests 100000;
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
"""


def certificate(home: Path) -> Path:
    """Make a certificate for localhost, signed by itself, and return its file."""
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split()
    words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem")]
    subprocess.run(["openssl", *words, *files], check=True, capture_output=True)
    return home / "cert.pem"


def whole(home: Path, inner: str) -> str:
    """Return the configuration of an nginx that keeps to that folder, with these servers."""
    return _WHOLE.format(home=home, inner=inner)


def balancing(
    home: Path, port: int, backends: list[str], *, tls: bool = False, kept_open: int = 0
) -> str:
    """Return the configuration that serves the port from these host:port, taking turns.

    With ``tls`` by the certificate that was made in that folder; ``kept_open`` is how many
    connections to the backends it uses again.
    """
    listen = f"listen 127.0.0.1:{port};"
    if tls:
        listen = f"listen 127.0.0.1:{port} ssl; ssl_certificate {home}/cert.pem;"
        listen += f" ssl_certificate_key {home}/key.pem;"
    servers = " ".join(f"server {backend} max_fails=0;" for backend in backends)
    servers += f" keepalive {kept_open};" if kept_open else ""
    return whole(home, _BALANCER.format(listen=listen, servers=servers))


@contextmanager
def running(home: Path, port: int, text: str) -> Iterator[None]:
    """Run nginx with this configuration, which must listen on that port, while the block runs.

    Raises FileNotFoundError without nginx, TimeoutError when it doesn't start.
    """
    if PROGRAM is None:
        raise FileNotFoundError(MISSING)
    home.mkdir(exist_ok=True)
    config = home / "nginx.conf"
    config.write_text(text)
    words = [PROGRAM, "-c", str(config), "-p", str(home)]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while ports.is_free(port):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nginx does not listen on port {port}")
        time.sleep(0.1)
