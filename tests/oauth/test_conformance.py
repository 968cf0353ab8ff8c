"""The MCP conformance suite, against a real server process: authorization whole, server by list."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.clients.conformance import installed, with_token
from tests.live import Server, free_port
from tests.oauth.person import Person

BASELINE = Path(__file__).resolve().parent.parent / "clients" / "conformance_baseline.yaml"
SPEC = "2025-11-25"


def client_id(server: Server) -> str:
    """Register the suite's client."""
    metadata = {
        "client_name": "Conformance",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
    }
    return str(httpx.post(f"{server.url}/oauth/register", json=metadata).json()["client_id"])


@pytest.mark.proves("CONFORMANCE-AUTHORIZATION")
def test_authorization_scenarios_pass(server: Server) -> None:
    environ = installed()
    words = ["conformance", "authorization", "--url", server.url, "--port", str(free_port())]
    words += ["--client-id", client_id(server), "--resource", f"{server.url}/mcp"]
    printed = ""
    with subprocess.Popen(
        words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            printed += line
            if line.startswith(f"{server.url}/oauth/authorize?"):
                person = Person(server)
                person.visit(line.strip())
                httpx.get(person.sent_to)
    assert "Total: 3 passed, 0 failed" in printed, printed


@pytest.mark.proves("CONFORMANCE-SERVER")
def test_server_scenarios_pass_but_for_the_written_baseline(server: Server, tmp_path: Path) -> None:
    environ = installed()
    with with_token(server.url, server.tokens["alice"]) as address:
        words = ["conformance", "server", "--url", f"{address}/mcp", "--spec-version", SPEC]
        words += ["--expected-failures", str(BASELINE), "--output-dir", str(tmp_path)]
        done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    passed = set(re.findall(r"✓ ([\w-]+): [1-9]\d* passed, 0 failed", done.stdout))
    assert {"server-initialize", "ping", "tools-list", "dns-rebinding-protection"} <= passed
