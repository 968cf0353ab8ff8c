"""The app database of either kind fails: nothing runs unrecorded, everybody is told in time."""

from __future__ import annotations

import pytest

from tests.faults.house import House
from tests.faults.outages import locked, without_table
from tests.faults.processes import eventually
from tests.faults.reply import slowest
from tests.faults.saw import Saw
from tests.faults.trial import MOST_S, TOLD, Bounds, endure, judged, lasting


@pytest.mark.proves("FAULT-RECORD-LOCKED")
@pytest.mark.fault(
    "App database locked by another writer for 3 s",
    "every question is answered, only later; /healthz within 4 s",
)
def test_short_lock_only_delays(house: House, saw: Saw) -> None:
    fault = lasting(locked(house.app), 3)
    replies = endure(house, saw, fault, Bounds(frozenset(), answer=8, again=10))
    assert slowest(replies) > 2


@pytest.mark.long
@pytest.mark.proves("FAULT-RECORD-LOCKED")
@pytest.mark.fault(
    "App database locked by another writer for longer than anybody waits",
    f"not_recorded within {MOST_S} s, nothing runs; /healthz within 4 s; answers again by itself",
)
@pytest.mark.parametrize("seconds", [14, 30])
def test_long_lock_is_told_and_then_answers(house: House, saw: Saw, seconds: int) -> None:
    fault = lasting(locked(house.app), seconds)
    replies = endure(
        house, saw, fault, Bounds(TOLD, answer=MOST_S, again=30, clients=24), f"{seconds} s: "
    )
    assert any(reply.kind == "not_recorded" for reply in replies)


@pytest.mark.proves("FAULT-RECORD-GONE")
@pytest.mark.fault(
    "The audit table is gone",
    "not_recorded within 2 s, no statement reaches PostgreSQL; answers once it is back",
)
def test_question_without_a_table_for_its_row_does_not_run(house: House, saw: Saw) -> None:
    with without_table(house.app):
        replies = [house.ask("SELECT 'unrecorded'") for _ in range(6)]
    judged(house, saw, replies, frozenset({"not_recorded"}), answer=2)
    assert not house.asked("SELECT 'unrecorded'")
    assert house.page("/readyz").status_code == 200


@pytest.mark.long
@pytest.mark.proves("FAULT-RECORD-GONE")
@pytest.mark.fault(
    "The list of closed columns can't be read any more, after the row was written",
    "rows while it is known, then not_recorded within 2 s, and nothing runs; answers again",
)
def test_question_without_the_list_of_closed_columns_does_not_run(house: House, saw: Saw) -> None:
    with without_table(house.app, "accounts_deniedcolumn"):
        eventually(lambda: not house.ask("SELECT 1").good, 60, "nobody looks the list up")
        replies = [house.ask("SELECT 'open to all'") for _ in range(6)]
    refused = [reply for reply in replies if not reply.good]
    judged(house, saw, replies, frozenset({"ok", "not_recorded"}), answer=2)
    assert refused
    assert house.rows("reason = 'not_recorded'") >= len(refused)
