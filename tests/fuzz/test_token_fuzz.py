"""Whatever a header or an old list of tokens holds: one door, and it opens for the token alone."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import strategies as st

from accounts.authentication import Refused, examine
from accounts.errors import ImportRefused
from accounts.importing import parse
from accounts.models import User
from accounts.secrets import make_token
from accounts.services import import_tokens, issue_token
from tests.fuzz import budget
from tests.fuzz.budget import Hunt, explored
from tests.live import Server, rpc

TOKEN = "{token}"
PIECES = st.sampled_from([
    "Bearer ", "bearer ", "BEARER  ", "Bearer", "Basic ", " ", "\t", ",", ";", "=",
    '"', TOKEN, TOKEN,
    TOKEN[:-1], "fmcp_", "fmcp", "\xa0", "\u2003", "é", "ÿ", "\x7f", "\x1f", "a" * 60, "x" * 300,
    "0",
    "token=", "ｆ", "ſ", "K",
])  # fmt: skip
HEADERS = st.one_of(st.lists(PIECES, max_size=5).map("".join), st.text(max_size=30))
GOOD = re.compile(r"[ \t]*bearer +\{token\}[ \t]*", re.IGNORECASE | re.ASCII)


@pytest.mark.proves("FUZZ-TOKENS")
@pytest.mark.timeout(0 if budget.SECONDS else 180)
def test_header_opens_the_door_for_exactly_the_token(alice: User) -> None:
    secret = issue_token(user=alice, label="laptop").secret
    hunt = Hunt("tokens header")

    def check(text: str) -> None:
        found = examine(text.replace(TOKEN, secret))
        hunt.figures["opened"] += not isinstance(found, Refused)
        assert isinstance(found, Refused) != bool(GOOD.fullmatch(text)), text

    explored(hunt, HEADERS, check, short=600)


def raw(server: Server, lines: list[bytes], body: bytes) -> bytes:
    """Send a request as these bytes and return the status line and all that follows."""
    parts = urlsplit(server.url)
    head = [
        b"POST /mcp HTTP/1.1", b"Host: " + parts.netloc.encode(), b"Connection: close",
        b"Accept: application/json, text/event-stream", b"Content-Type: application/json",
        b"Content-Length: %d" % len(body), *lines,
    ]  # fmt: skip
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 20) as wire:
        wire.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        reply = b""
        while piece := wire.recv(65536):
            reply += piece
    return reply


BYTES = st.one_of(
    st.lists(PIECES, max_size=5).map(lambda pieces: "".join(pieces).encode()),
    st.lists(PIECES, max_size=5).map(lambda p: "".join(p).encode("latin-1", "replace")),
    st.binary(max_size=40),
)


@pytest.mark.proves("FUZZ-TOKENS")
@pytest.mark.timeout(0 if budget.SECONDS else 180)
def test_bytes_on_the_wire_get_401_or_400_or_the_door_by_the_first_header_alone(
    server: Server,
) -> None:
    hunt, secret = Hunt("tokens wire"), server.tokens["alice"].encode()
    body = rpc("ping").encode()

    def check(values: list[bytes]) -> None:
        sent = [value.replace(TOKEN.encode(), secret) for value in values]
        # More than one line is another test's subject: bytes that end a header.
        sent = [value.replace(b"\r", b"").replace(b"\n", b"") for value in sent]
        reply = raw(server, [b"Authorization: " + value for value in sent], body)
        status = int(reply.split(b" ", 2)[1])
        hunt.figures[f"status {status}"] += 1
        assert status in (200, 400, 401), reply
        assert secret not in reply
        if status == 200:
            assert any(GOOD.fullmatch(v.decode("latin-1")) for v in values), sent

    explored(hunt, st.lists(BYTES, min_size=1, max_size=3), check, short=250)
    assert secret.decode() not in server.log()
    assert "Traceback" not in server.log()


SEEDS = (Path(__file__).parent / "seeds" / "imports.txt").read_text().splitlines()
STRONG = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"
OLD = st.sampled_from([
    "alice:", STRONG, "bob:", "Zk3vQ0pTn8LrXw5YbHs2MdJc7GfUa1Ei", ",", ":", "\n", "\r\n", " ", '"',
    "'", "MCP_AUTH_TOKENS=", "export ", "#", "é", "\x00", "\u2028", "\udcff", "a" * 200, "short",
    "fmcp_" + "a" * 49, STRONG[::-1], "=",
])  # fmt: skip


@pytest.mark.proves("FUZZ-TOKENS")
@pytest.mark.timeout(0 if budget.SECONDS else 180)
def test_old_list_is_taken_over_or_refused_by_sentences_without_a_token(db: None) -> None:
    hunt = Hunt("tokens import")

    def check(text: str) -> None:
        try:
            entries = parse(text)
            import_tokens(text=text)
        except ImportRefused as refusal:
            hunt.figures["refused"] += 1
            said = str(refusal)
            assert said
            assert not any(part in said for part in (STRONG, STRONG[::-1], "Zk3vQ0pTn8")), said
            return
        hunt.figures["taken"] += 1
        for entry in entries:
            found = examine(f"Bearer {entry.token}")
            assert not isinstance(found, Refused), entry.position

    mixed = st.lists(OLD, max_size=9).map("".join)
    proper = st.sampled_from(["alice", "bob", "eve"]).map(lambda name: f"{name}:{make_token()}")
    explored(hunt, st.one_of(mixed, proper), check, short=300)


@pytest.mark.proves("FUZZ-SEEDS")
@pytest.mark.parametrize("line", SEEDS)
def test_old_list_that_once_broke_something_is_refused(db: None, line: str) -> None:
    with pytest.raises(ImportRefused):
        import_tokens(text=line.encode("latin-1").decode("unicode_escape"))
