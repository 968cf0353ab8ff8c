"""Each check of the way in finds what is wrong: address, proxy, certificate, static files."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.management import call_command
from pytest_django import Settings

from fleetmcp.doctor import web
from fleetmcp.static_files import HashedFiles
from tests.doctor.conftest import assert_content, said
from tests.live import free_port


def write_certificate(folder: Path, days: float) -> Path:
    """Write key and certificate of localhost into one file and return it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


class Front(http.server.BaseHTTPRequestHandler):
    """A proxy in front of fleetmcp, with answers that a test chooses."""

    health: dict[str, Any] = {}
    mcp = 405

    def do_GET(self) -> None:
        """Answer as fleetmcp would, or not quite."""
        body = json.dumps(self.health).encode()
        self.send_response(200 if self.path == "/healthz" else self.mcp)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""


@contextmanager
def serving(certificate: Path) -> Iterator[str]:
    """Serve over TLS and yield the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def front(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the front answer as ours does."""
    monkeypatch.setattr(Front, "health", {"ok": True, "server": settings.MCP_SERVER_NAME})
    monkeypatch.setattr(Front, "mcp", 405)


@pytest.mark.proves("DOCTOR-WAY-IN")
@pytest.mark.parametrize(
    ("url", "proxies", "found"),
    [
        ("https://fleetmcp.example.com", 1, "ok: PUBLIC_URL ok: TRUSTED_PROXIES"),
        ("https://fleetmcp.example.com", 0, "ok: PUBLIC_URL fail: PUBLIC_URL is https, and"),
        ("http://127.0.0.1:8892", 0, "warn: PUBLIC_URL ok: TRUSTED_PROXIES"),
        ("http://127.0.0.1:8892", 1, "warn: PUBLIC_URL warn: TRUSTED_PROXIES is 1, though"),
        ("http://fleetmcp.example.com", 0, "fail: PUBLIC_URL ok: TRUSTED_PROXIES"),
    ],
)
def test_address_and_proxies_must_fit(
    settings: Settings, url: str, proxies: int, found: str
) -> None:
    settings.PUBLIC_URL, settings.TRUSTED_PROXIES = url, proxies
    first, second = found.split(" ", 2)[0], found.split(" ", 2)[2]
    assert said(web.public_url).startswith(first)
    assert said(web.proxies).startswith(second)


@pytest.mark.proves("DOCTOR-WAY-IN")
@pytest.mark.parametrize(("days", "level"), [(60.5, "ok"), (10.5, "warn"), (3.7, "fail")])
def test_certificate_of_a_real_server_is_judged_by_its_days(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: float, level: str
) -> None:
    certificate = write_certificate(tmp_path, days)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(certificate) as settings.PUBLIC_URL:
        text = said(web.certificate)
        assert_content(web.door)
    assert text.startswith(f"{level}: The certificate is trusted, and valid for {days:.0f}")


@pytest.mark.proves("DOCTOR-WAY-IN")
def test_expired_and_unknown_certificates_are_told(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = write_certificate(tmp_path, 60)
    with serving(certificate) as settings.PUBLIC_URL:
        assert "fail: The certificate is not trusted: self" in said(web.certificate)
        assert "fail: Nothing answers" in said(web.door) or "warn: Nothing" in said(web.door)
    expired = write_certificate(tmp_path, -1)
    monkeypatch.setenv("SSL_CERT_FILE", str(expired))
    with serving(expired) as settings.PUBLIC_URL:
        assert "expired" in said(web.certificate)


@pytest.mark.proves("DOCTOR-WAY-IN")
def test_address_where_nobody_is_is_told(settings: Settings) -> None:
    settings.PUBLIC_URL = f"https://localhost:{free_port()}"
    assert "fail: PUBLIC_URL can't be reached over TLS" in said(web.certificate)
    assert "warn: Nothing answers" in said(web.door)
    settings.PUBLIC_URL = "https://nowhere.invalid"
    assert "fail: Nothing answers at https://nowhere.invalid" in said(web.door)


@pytest.mark.proves("DOCTOR-WAY-IN")
@pytest.mark.parametrize(
    ("health", "mcp", "found"),
    [
        ({"server": "somebody else"}, 405, "fail: Something else answers"),
        ({"tokens": 3}, 405, "fail: The proxy does not say whom it speaks for"),
        ({}, 404, "fail: GET /mcp is answered with 404"),
        ({}, 405, "ok: fleetmcp answers"),
    ],
)
def test_answers_from_outside_are_judged(
    settings: Settings, health: dict[str, Any], mcp: int, found: str
) -> None:
    settings.PUBLIC_URL = "https://fleetmcp.example.com"
    said_health = {"ok": True, "server": settings.MCP_SERVER_NAME} | health
    lines = web.judged_door(httpx.Response(200, json=said_health), httpx.Response(mcp))
    assert found in "\n".join(f"{line.level}: {line.text}" for line in lines)


@pytest.mark.proves("DOCTOR-WAY-IN")
def test_static_files_are_told_whether_collected_or_not(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STATIC_ROOT = tmp_path
    assert "warn: Static files are not collected" in said(web.static_files)
    call_command("collectstatic", interactive=False, verbosity=0)
    monkeypatch.setattr(web, "staticfiles_storage", HashedFiles())
    assert_content(web.static_files)
    next((tmp_path / "admin" / "css").glob("base.*.css")).unlink()
    assert "fail: 1 static files are missing" in said(web.static_files)
