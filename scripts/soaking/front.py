"""nginx in front of the replicas: each request goes to the next one."""

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
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {home}; proxy_temp_path {home}; fastcgi_temp_path {home};
  uwsgi_temp_path {home}; scgi_temp_path {home};
  upstream fleetmcp {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
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
}}
"""


@contextmanager
def nginx(home: Path, port: int, backends: list[int]) -> Iterator[None]:
    """Serve http://127.0.0.1:<port> from these ports, taking turns."""
    if PROGRAM is None:
        raise FileNotFoundError("nginx is missing: on Debian, apt-get install nginx-light")
    home.mkdir()
    home.chmod(0o777)  # its workers are nobody
    servers = " ".join(f"server 127.0.0.1:{backend} max_fails=0;" for backend in backends)
    config = home / "nginx.conf"
    config.write_text(CONFIG.format(home=home, port=port, servers=servers))
    words = [PROGRAM, "-c", str(config), "-p", str(home)]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/healthz")
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
