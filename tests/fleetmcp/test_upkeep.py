"""What the server does by itself: seal, close what a crash left, write down refused tokens."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import DatabaseError

from accounts.authentication import Caller, Refused, examine
from accounts.models import User
from accounts.secrets import make_token
from accounts.services import issue_token, revoke_token
from audit.models import Event, EventKind
from audit.refused import record_refused
from fleetmcp import upkeep
from fleetmcp.mcp import records
from fleetmcp.mcp.refusals import MOST, THE_REST, Refusal, Refusals, refusals
from scripts.demo_db import LocalDatabase
from tests.live import rpc, start_server


@pytest.mark.proves("REFUSED-WHY")
def test_door_knows_why_it_stays_shut_and_which_token_it_was(alice: User) -> None:
    issued = issue_token(user=alice, label="laptop")
    bearer = f"Bearer {issued.secret}"
    assert isinstance(examine(bearer), Caller)
    assert examine(None) == examine("  ") == Refused("missing")
    assert examine("Basic x") == examine(bearer[:-1]) == Refused("malformed")
    assert examine(f"Bearer {make_token()}") == Refused("unknown")
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert examine(bearer) == Refused("inactive", issued.token.pk)
    revoke_token(token=issued.token, reason="lost")
    assert examine(bearer) == Refused("revoked", issued.token.pk)


@pytest.mark.proves("REFUSED-BOUNDED")
def test_ten_thousand_refusals_from_anywhere_take_the_place_of_a_thousand() -> None:
    counted = Refusals()
    for number in range(10_000):
        counted.count(Refusal(f"10.0.{number // 250}.{number % 250}", "unknown"))
    for _ in range(10_000):
        counted.count(Refusal("10.0.0.1", "unknown"))
    taken = counted.taken()
    assert len(taken) == MOST + 1
    assert sum(taken.values()) == 20_000
    assert taken[THE_REST] == 10_000 - MOST
    assert taken[Refusal("10.0.0.1", "unknown")] == 10_001
    assert counted.taken() == {}


@pytest.mark.proves("REFUSED-EVENT")
def test_refusals_are_one_event_for_each_address_reason_and_token(alice: User) -> None:
    token = issue_token(user=alice, label="laptop").token
    record_refused([("203.0.113.9", "unknown", None, 12), (None, "revoked", token.pk, 1)])
    unknown, revoked = Event.objects.filter(kind=EventKind.TOKENS_REFUSED).order_by("pk")
    assert unknown.summary == "12 requests with an unknown token from 203.0.113.9"
    assert json.loads(unknown.details) == {"why": "unknown", "times": 12}
    assert (revoked.token, revoked.subject) == (token, alice)
    assert revoked.summary == "1 request with a revoked token from various addresses"


@pytest.mark.proves("REFUSED-EVENT")
def test_refusals_that_can_not_be_written_are_kept_for_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def busy(*args: Any) -> None:
        raise DatabaseError("locked")

    refusals.taken()
    refusals.count(Refusal("203.0.113.9", "unknown"), 3)
    monkeypatch.setattr(records, "unhurried", busy)
    with pytest.raises(DatabaseError):
        asyncio.run(upkeep.write_refusals())
    assert refusals.taken() == {Refusal("203.0.113.9", "unknown"): 3}


@pytest.mark.proves("UPKEEP-GOES-ON")
def test_upkeep_that_fails_is_logged_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0

    async def failing() -> None:
        nonlocal tries
        tries += 1
        raise DatabaseError if tries == 1 else ValueError("odd")

    async def watch() -> None:
        task = asyncio.create_task(upkeep._every(0, failing))
        while tries < 3:
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(watch())
    assert "Upkeep (failing) failed: DatabaseError" in caplog.text
    assert "ValueError: odd" in caplog.text


@pytest.mark.proves("UPKEEP-SEALS")
def test_server_seals_by_itself_and_writes_down_refused_tokens_when_it_ends(
    fleet: LocalDatabase, tmp_path: Path
) -> None:
    with start_server(tmp_path, fleet.analytics_dsn, AUDIT_SEAL_SECONDS="1") as server:
        server.data("query", sql="SELECT 1")
        for _ in range(5):
            bad = {"Authorization": f"Bearer {make_token()}"}
            httpx.post(f"{server.url}/mcp", content=rpc("ping"), headers=bad)
        deadline = time.monotonic() + 30
        while not re.search(r"seal=\d+ digest=\w+ previous=\w+ queries=1-", server.log()):
            assert time.monotonic() < deadline, server.log()
            time.sleep(0.1)
        server.stop()
        answer = server.manage("verify_audit", "--json", f"--heads={tmp_path / 'server.log'}")
        assert json.loads(answer)["rows"] >= 1
        code = (
            "from audit.models import Event as E;"
            "print(*E.objects.filter(kind='tokens_refused').values_list('summary', flat=True))"
        )
        said = server.manage("shell", "-v0", "-c", code)
        assert said.strip() == "5 requests with an unknown token from 127.0.0.1"
