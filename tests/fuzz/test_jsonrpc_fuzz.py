"""Whatever is posted: an answer that the protocol knows, and a row for each call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import strategies as st

from scripts.demo_db import LocalDatabase
from tests import live
from tests.fuzz import budget
from tests.fuzz.budget import Hunt, explored
from tests.fuzz.messages import ACCEPTS, HEADERS, MOSTLY_CALLS
from tests.live import Server, start_server

SEEDS = (Path(__file__).parent / "seeds" / "jsonrpc.txt").read_bytes().splitlines()
REFUSALS = {400, 403, 404, 405, 406, 413, 415, 421}
_LEAKS = re.compile(r"Traceback|File \"|site-packages|/tmp/|postgresql://|\.py\b")
# What differs from one call to the next, whoever answers it.
_MOVING = re.compile(
    r"(elapsed_ms|query_id|duration_ms|database_ms|waited_ms|finds it as)\W+[\d.]+"
)
Pair = tuple[Server, Server]


@pytest.fixture(scope="module")
def pair(fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The server, and beside it the same without its short way."""

    def whole(address: str) -> list[str]:
        words = usual(address)
        return [w.replace("fleetmcp.asgi", "tests.fuzz.by_transport") for w in words]

    usual = live._uvicorn
    homes = [tmp_path_factory.mktemp(name) for name in ("direct", "by_sdk")]
    with (
        start_server(homes[0], fleet.analytics_dsn) as direct,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(live, "_uvicorn", whole)
        with start_server(homes[1], fleet.analytics_dsn) as by_sdk:
            yield direct, by_sdk


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30) as kept:
        yield kept


def posted(client: httpx.Client, server: Server, body: bytes, **headers: str) -> httpx.Response:
    """Post a body as alice; a header that is no ASCII goes as UTF-8."""
    chosen = {**server.headers(), **headers}
    raw = [(name.encode(), value.encode()) for name, value in chosen.items()]
    return client.post(server.url + "/mcp", content=body, headers=raw)


def messages(reply: httpx.Response) -> list[Any]:
    """Return the JSON-RPC messages of a reply, be it JSON or a stream of events."""
    kind = reply.headers.get("content-type", "")
    if kind.startswith("text/event-stream"):
        lines = [line for line in reply.text.splitlines() if line.startswith("data: ")]
        return [json.loads(line[6:]) for line in lines if line[6:]]
    is_json = kind.startswith("application/json") and reply.status_code != 202
    return [json.loads(reply.content)] if is_json else []


def asked(body: bytes) -> dict[str, Any]:
    """Return the message as the server reads it, {} if it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def check_answer(body: bytes, reply: httpx.Response) -> None:
    """Hold one reply against the protocol."""
    assert reply.status_code < 500, reply.text
    assert not _LEAKS.search(reply.text), reply.text
    if reply.status_code in (202, 401):
        return
    assert reply.status_code == 200 or reply.status_code in REFUSALS, reply.status_code
    found = messages(reply)
    if reply.status_code != 200 and not (found and "jsonrpc" in found[0]):
        return  # refused by a sentence for people, before there was a message
    answers = [message for message in found if "method" not in message]
    assert len(answers) == 1, reply.text
    (answer,) = answers
    assert answer["jsonrpc"] == "2.0"
    assert ("result" in answer) != ("error" in answer)
    if "error" in answer:
        assert isinstance(answer["error"]["code"], int)
        assert isinstance(answer["error"]["message"], str)
    ident = asked(body).get("id")
    echoed = answer.get("id")
    if reply.status_code == 200:
        assert (echoed, type(echoed)) == (ident, type(ident))
    else:  # the SDK has no id for what it can't read
        assert echoed in (ident, None, "server-error"), answer


def is_call(message: dict[str, Any]) -> bool:
    return message.get("method") == "tools/call"


@pytest.mark.proves("FUZZ-JSONRPC")
@pytest.mark.timeout(0 if budget.SECONDS else 180)
def test_every_body_gets_an_answer_that_the_protocol_knows(
    pair: Pair, client: httpx.Client
) -> None:
    server, _ = pair
    hunt = Hunt("jsonrpc answers")

    def check(case: tuple[bytes, dict[str, str]]) -> None:
        body, headers = case
        rows = server.rows("q.id > ?", hunt.figures["last row"])
        reply = posted(client, server, body, **headers)
        hunt.figures[f"status {reply.status_code}"] += 1
        check_answer(body, reply)
        new = server.rows("q.id > ?", hunt.figures["last row"])[len(rows) :]
        hunt.figures["last row"] = new[-1]["id"] if new else hunt.figures["last row"]
        if reply.status_code == 200 and is_call(asked(body)):
            assert len(new) == 1, "a call without its row, or with two"
            assert new[0]["outcome"] != "running"
            hunt.figures["calls on record"] += 1

    cases = st.tuples(MOSTLY_CALLS, st.one_of(st.just({}), st.just({}), HEADERS))
    explored(hunt, cases, check, short=300)
    assert "Traceback" not in server.log()
    assert server.rows("q.outcome = 'running'") == []


def plain(reply: httpx.Response) -> tuple[int, list[str]]:
    """Return the status and the messages, without what differs from call to call."""
    found = [json.dumps(m, sort_keys=True) for m in messages(reply) if "method" not in m]
    return reply.status_code, [_MOVING.sub("", message) for message in found]


@pytest.mark.proves("FUZZ-JSONRPC-AGREES")
@pytest.mark.timeout(0 if budget.SECONDS else 180)
def test_short_way_answers_as_the_sdk_does(pair: Pair, client: httpx.Client) -> None:
    direct, by_sdk = pair
    hunt = Hunt("jsonrpc agrees")

    def check(body: bytes) -> None:
        one, two = (posted(client, server, body, Accept=ACCEPTS) for server in (direct, by_sdk))
        short, whole = plain(one), plain(two)
        hunt.figures["by the short way"] += one.headers.get("content-type") != two.headers.get(
            "content-type"
        )
        assert short == whole, f"{one.text}\n{two.text}"

    explored(hunt, MOSTLY_CALLS, check, short=250)
    assert hunt.figures["by the short way"] > 20


@pytest.mark.proves("FUZZ-SEEDS")
@pytest.mark.parametrize("body", SEEDS)
def test_body_that_once_broke_something_is_answered(
    pair: Pair, client: httpx.Client, body: bytes
) -> None:
    short, whole = (posted(client, server, body, Accept=ACCEPTS) for server in pair)
    check_answer(body, short)
    assert plain(short) == plain(whole)
