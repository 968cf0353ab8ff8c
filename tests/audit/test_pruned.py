"""Seals that are marked as pruned: an event has to say so of each of them, and can be forged."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from audit.models import Event, EventKind, Seal
from audit.retention import NotPrunable, prune_audit
from audit.seals import seal_audit
from audit.verifying import Verification
from tests.audit.history import ask, days_ago


@pytest.fixture
def four(alice: User) -> None:
    """Four seals over some rows of Alice's."""
    for _ in range(4):
        ask(alice, days_ago(30))
        seal_audit()


def found() -> list[str]:
    """Return what is wrong with the record."""
    return [finding.sentence for finding in Verification().findings()]


def unannounced(number: int) -> str:
    return f"Seal {number} is marked as pruned, but no event says who pruned it."


def pruned_by_hand(number: int) -> None:
    """Do what the triggers let through."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_seal SET pruned_at = sealed_at, leaves = NULL WHERE number = %s", [number]
        )
        seal = Seal.objects.get(number=number)
        queries, events = [seal.first_query, seal.last_query], [seal.first_event, seal.last_event]
        cursor.execute("DELETE FROM audit_touchedobject WHERE query_id BETWEEN %s AND %s", queries)
        cursor.execute("DELETE FROM audit_querylog WHERE id BETWEEN %s AND %s", queries)
        cursor.execute("DELETE FROM audit_event WHERE id BETWEEN %s AND %s", events)


def announced(details: Any) -> None:
    """Put in an event that says what was pruned."""
    text = details if isinstance(details, str) else json.dumps(details)
    Event.objects.create(kind=EventKind.PRUNED, actor_name="x", summary="x", details=text)


@pytest.mark.proves("PRUNE-FORGED")
def test_event_of_all_seals_to_come_allows_none(four: None) -> None:
    announced({"first_seal": 1, "last_seal": 1_000_000})
    pruned_by_hand(1)
    assert found() == [unannounced(1)]


@pytest.mark.proves("PRUNE-FORGED")
def test_event_allows_no_seal_that_was_made_after_it(four: None, alice: User) -> None:
    announced({"first_seal": 1, "last_seal": 5})
    ask(alice, days_ago(0, 0))
    seal_audit()
    assert Seal.objects.count() == 5
    pruned_by_hand(1)
    assert found() == [unannounced(1)]


@pytest.mark.proves("PRUNE-FORGED")
@pytest.mark.parametrize(
    "details",
    [
        "", "x", "null", "[1]", "[" * 100_000, {"last_seal": 9},
        {"first_seal": 1, "last_seal": "9"},
        {"first_seal": True, "last_seal": True}, {"first_seal": 1, "last_seal": 10**40},
        {"first_seal": 4, "last_seal": 2}, {"first_seal": -1, "last_seal": 2},
    ],
)  # fmt: skip
def test_broken_event_accuses_no_honest_pruning_and_allows_nothing(
    four: None, alice: User, details: Any
) -> None:
    [pruned] = prune_audit(before=timezone.now() + timedelta(days=1), by="ops")
    assert pruned.last_seal == 4
    announced(details)
    assert found() == []
    ask(alice, days_ago(30))
    seal_audit()
    pruned_by_hand(5)
    assert unannounced(5) in found()


@pytest.mark.proves("PRUNE-FORGED")
def test_seal_that_is_pruned_behind_one_that_is_kept_is_named(four: None) -> None:
    announced({"first_seal": 1, "last_seal": 3})
    pruned_by_hand(1)
    pruned_by_hand(3)
    assert found() == [
        "Seal 3 is marked as pruned, though seal 2 before it is kept: prune_audit begins with the "
        "oldest."
    ]


@pytest.mark.proves("PRUNE-FORGED")
def test_seals_between_two_prunings_need_an_event_too(four: None) -> None:
    announced({"first_seal": 1, "last_seal": 1})
    announced({"first_seal": 3, "last_seal": 3})
    for number in (1, 2, 3):
        pruned_by_hand(number)
    assert found() == [unannounced(2)]


@pytest.mark.proves("PRUNE-SEGMENTS")
def test_pruning_whose_event_was_pruned_later_needs_none(four: None, alice: User) -> None:
    pruned_by_hand(1)
    pruned_by_hand(2)
    announced({"first_seal": 3, "last_seal": 3})
    pruned_by_hand(3)
    assert found() == []


@pytest.mark.proves("PRUNE-FORGED")
def test_rows_that_go_while_they_are_verified_are_missed_by_the_same_run(four: None) -> None:
    gone: list[int] = []

    def quick(done: int) -> None:
        if not gone:
            gone.append(1)
            pruned_by_hand(2)

    findings = [one.sentence for one in Verification(tell=quick).findings()]
    assert unannounced(2) in findings


@pytest.mark.proves("PRUNE-FORGED")
@pytest.mark.parametrize("forged", [1, 3])
def test_honest_pruning_never_hides_a_forged_one(four: None, forged: int) -> None:
    pruned_by_hand(forged)
    wrong = found()
    assert len(wrong) >= 1
    with pytest.raises(NotPrunable, match=f"Seal {forged} is marked as pruned"):
        list(prune_audit(before=timezone.now() + timedelta(days=1), by="cron"))
    assert found() == wrong
    assert Seal.objects.filter(pruned_at__isnull=True).count() == 3
