"""Policies: which limits hold for whom, and how they are changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.dispatch import Signal

from accounts.authentication import Caller, Credential, authenticate
from accounts.errors import DefaultNotDeletable, PolicyRefused
from accounts.limits import NOTHING, PolicyLimits
from accounts.models import AccessPolicy, User
from accounts.policies import assign_policy, create_policy, make_default, update_policy
from accounts.services import IssuedToken, issue_token
from accounts.signals import policy_assigned, policy_saved

DEFAULTS = PolicyLimits(
    name="default",
    schemas=("reporting", "tracksolid"),
    max_rows=10_000,
    max_characters=2_000_000,
    max_cell=10_000,
    statement_timeout_s=30,
    concurrent_queries=4,
    queries_per_minute=60,
    rows_per_day=1_000_000,
    may_export=True,
)


@contextmanager
def heard(signal: Signal) -> Iterator[list[dict[str, Any]]]:
    """Yield what the signal says."""
    said: list[dict[str, Any]] = []

    def hear(**words: Any) -> None:
        said.append(words)

    signal.connect(hear)
    try:
        yield said
    finally:
        signal.disconnect(hear)


def limits_of(issued: IssuedToken) -> PolicyLimits:
    caller = authenticate(f"Bearer {issued.secret}")
    assert caller is not None
    return caller.policy


def default() -> AccessPolicy:
    return AccessPolicy.objects.get(is_default=True)


@pytest.mark.proves("POLICY-DEFAULT")
def test_person_without_a_policy_has_the_default_one(issued: IssuedToken) -> None:
    assert limits_of(issued) == DEFAULTS


@pytest.mark.proves("POLICY-DEFAULT")
def test_caller_made_without_a_policy_may_take_nothing() -> None:
    assert Caller(1, "alice", Credential("laptop", token_id=1)).policy == NOTHING
    assert (NOTHING.schemas, NOTHING.concurrent_queries, NOTHING.may_export) == ((), 0, False)


@pytest.mark.proves("POLICY-DEFAULT")
def test_another_default_holds_from_the_next_request_for_all_who_have_none(
    issued: IssuedToken, bob: User
) -> None:
    other = issue_token(user=bob, label="phone")
    own = create_policy(name="own", max_rows=7)
    assign_policy(user=bob, policy=own)
    strict = create_policy(name="strict", max_rows=5)
    assert make_default(policy=strict)
    assert not make_default(policy=strict)
    assert (limits_of(issued).name, limits_of(issued).max_rows) == ("strict", 5)
    assert limits_of(other).name == "own"
    assert AccessPolicy.objects.filter(is_default=True).count() == 1


@pytest.mark.proves("POLICY-DEFAULT")
@pytest.mark.django_db
def test_second_default_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessPolicy.objects.create(name="second", is_default=True)


@pytest.mark.proves("POLICY-DEFAULT")
@pytest.mark.django_db
def test_default_can_not_be_deleted_alone_or_among_others() -> None:
    create_policy(name="spare")
    with pytest.raises(DefaultNotDeletable, match="another one the default first"):
        default().delete()
    with pytest.raises(DefaultNotDeletable):
        AccessPolicy.objects.all().delete()
    assert AccessPolicy.objects.count() == 2
    AccessPolicy.objects.get(name="spare").delete()


@pytest.mark.proves("POLICY-DEFAULT")
@pytest.mark.django_db
def test_migrate_makes_a_missing_default_and_leaves_what_is_there() -> None:
    update_policy(policy=default(), name="ours", max_rows=3)
    call_command("migrate", verbosity=0)
    assert (default().name, default().max_rows) == ("ours", 3)
    models.QuerySet(AccessPolicy).delete()
    call_command("migrate", verbosity=0)
    assert default().limits == DEFAULTS


@pytest.mark.proves("POLICY-DEFAULT")
def test_without_any_default_nobody_comes_in_and_the_log_says_why(
    issued: IssuedToken, caplog: pytest.LogCaptureFixture
) -> None:
    models.QuerySet(AccessPolicy).delete()
    with caplog.at_level(logging.ERROR), pytest.raises(DatabaseError):
        authenticate(f"Bearer {issued.secret}")
    assert "manage.py migrate" in caplog.text


@pytest.mark.proves("POLICY-ONE-QUERY")
@pytest.mark.parametrize("own", [True, False])
def test_limits_come_with_the_caller_in_the_one_query(
    issued: IssuedToken, alice: User, own: bool, django_assert_num_queries: Any
) -> None:
    if own:
        assign_policy(user=alice, policy=create_policy(name="own"))
    authenticate(f"Bearer {issued.secret}")
    with django_assert_num_queries(1):
        assert limits_of(issued).name == ("own" if own else "default")


@pytest.mark.proves("POLICY-BOUNDED")
@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ("MCP_MAX_ROWS", "max_rows"),
        ("MCP_MAX_CHARACTERS", "max_characters"),
        ("MCP_MAX_CELL", "max_cell"),
        ("MCP_STATEMENT_TIMEOUT", "statement_timeout_s"),
    ],
)
def test_of_policy_and_setting_the_smaller_holds(
    issued: IssuedToken, settings: LazySettings, setting: str, field: str
) -> None:
    asked = getattr(DEFAULTS, field)
    for bound, holds in ((asked - 1, asked - 1), (asked + 1, asked)):
        setattr(settings, setting, bound)
        assert limits_of(issued) == replace(DEFAULTS, **{field: holds})


@pytest.mark.proves("POLICY-SCHEMAS")
@pytest.mark.parametrize(
    ("said", "readable"),
    [
        ("", ("reporting", "tracksolid")),
        ("tracksolid", ("tracksolid",)),
        ("tracksolid , reporting,tracksolid", ("reporting", "tracksolid")),
    ],
)
def test_policy_names_readable_schemas_of_the_server(
    issued: IssuedToken, alice: User, said: str, readable: tuple[str, ...]
) -> None:
    assign_policy(user=alice, policy=create_policy(name="own", schemas=said))
    assert limits_of(issued).schemas == readable


@pytest.mark.proves("POLICY-SCHEMAS")
def test_schema_that_the_server_stopped_serving_is_gone_and_opens_no_other(
    issued: IssuedToken, alice: User, settings: LazySettings
) -> None:
    assign_policy(user=alice, policy=create_policy(name="own", schemas="tracksolid"))
    settings.ANALYTICS_SCHEMAS = ["reporting"]
    assert limits_of(issued).schemas == ()


@pytest.mark.proves("POLICY-VALID")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "printable"),
        ({"name": "default"}, "already exists"),
        ({"schemas": "reporting,pg_catalog"}, "Not served here: pg_catalog"),
        ({"max_rows": 0}, "greater than or equal to 1"),
        ({"max_rows": 1_000_001}, "less than or equal to 1000000"),
        ({"max_characters": 999}, "max_characters"),
        ({"max_characters": 50_000_001}, "max_characters"),
        ({"max_cell": 99}, "max_cell"),
        ({"max_cell": 1_000_001}, "max_cell"),
        ({"statement_timeout_s": 0}, "statement_timeout_s"),
        ({"statement_timeout_s": 601}, "statement_timeout_s"),
        ({"concurrent_queries": 0}, "concurrent_queries"),
        ({"concurrent_queries": 101}, "concurrent_queries"),
        ({"queries_per_minute": 0}, "queries_per_minute"),
        ({"queries_per_minute": 6_001}, "queries_per_minute"),
        ({"rows_per_day": 0}, "rows_per_day"),
        ({"rows_per_day": 2_000_000_001}, "rows_per_day"),
        ({"max_rows": "many"}, "max_rows"),
    ],
)
def test_policy_out_of_range_is_refused_and_leaves_nothing(fields: Any, why: str) -> None:
    with pytest.raises(PolicyRefused, match=why):
        create_policy(**{"name": "new", **fields})
    assert list(AccessPolicy.objects.all()) == [default()]
    with pytest.raises(PolicyRefused):
        update_policy(policy=create_policy(name="old"), **fields)
    assert AccessPolicy.objects.get(name="old").limits == replace(DEFAULTS, name="old")


@pytest.mark.proves("POLICY-SIGNALS")
@pytest.mark.django_db
def test_each_change_of_a_policy_is_announced_once_with_before_and_after(tess: User) -> None:
    with heard(policy_saved) as said:
        policy = create_policy(name="own", max_rows=5, by=tess)
        assert update_policy(policy=policy, max_rows=6, by=tess) == {"max_rows": (5, 6)}
        assert update_policy(policy=policy, max_rows=6, by=tess) == {}
        make_default(policy=policy, by=tess)
    assert policy.max_rows == 6
    assert [(one["created"], one["changes"].get("max_rows"), one["by"]) for one in said] == [
        (True, (None, 5), tess),
        (False, (5, 6), tess),
        (False, None, tess),
    ]
    assert said[2]["changes"] == {"is_default": (False, True)}


@pytest.mark.proves("POLICY-SIGNALS")
def test_assignment_is_announced_once_with_before_and_after(alice: User, tess: User) -> None:
    policy = create_policy(name="own")
    with heard(policy_assigned) as said:
        assert assign_policy(user=alice, policy=policy, by=tess)
        assert not assign_policy(user=alice, policy=policy, by=tess)
        assert assign_policy(user=alice, policy=None, by=tess)
    assert [(one["user"], one["before"], one["policy"], one["by"]) for one in said] == [
        (alice, None, policy, tess),
        (alice, policy, None, tess),
    ]


@pytest.mark.proves("POLICY-SIGNALS")
@pytest.mark.parametrize(
    ("signal", "act"),
    [
        (policy_saved, lambda alice, policy: create_policy(name="new")),
        (policy_saved, lambda alice, policy: update_policy(policy=policy, max_rows=1)),
        (policy_saved, lambda alice, policy: make_default(policy=policy)),
        (policy_assigned, lambda alice, policy: assign_policy(user=alice, policy=policy)),
    ],
)
def test_change_that_can_not_be_recorded_does_not_happen(
    alice: User, signal: Signal, act: Callable[[User, AccessPolicy], object]
) -> None:
    def break_down(**words: Any) -> None:
        raise RuntimeError("the audit is down")

    policy = create_policy(name="own")
    before = list(AccessPolicy.objects.values())
    signal.connect(break_down)
    try:
        with pytest.raises(RuntimeError):
            act(alice, policy)
    finally:
        signal.disconnect(break_down)
    assert list(AccessPolicy.objects.values()) == before
    assert User.objects.get(pk=alice.pk).policy is None


@pytest.mark.proves("POLICY-PROTECT")
def test_policy_that_somebody_has_can_not_be_deleted(alice: User) -> None:
    policy = create_policy(name="own")
    assign_policy(user=alice, policy=policy)
    with pytest.raises(ProtectedError):
        policy.delete()
