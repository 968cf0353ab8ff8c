"""Whatever is done to people, tokens and the server is an event, or it isn't done."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.denials import allow_column, deny_column
from accounts.models import AccessPolicy, AnalystToken, Pause, Team, User
from accounts.pausing import pause_server, resume_server
from accounts.people import activate_person, deactivate_person, join_team
from accounts.policies import assign_policy
from accounts.rotation import rotate_token
from accounts.services import issue_token, revoke_token
from audit.cancelling import request_cancel, request_cancel_of_call
from audit.events import record_event
from audit.models import Event, EventKind, QueryLog
from audit.services import open_query
from tests.audit.test_cancelling import Ask

SECRET = "correct-horse-battery"


def last() -> Event:
    """Return the newest event."""
    return Event.objects.order_by("-pk")[0]


def told(kind: EventKind) -> Event:
    """Return the one event of that kind."""
    return Event.objects.get(kind=kind)


@pytest.mark.proves("EVENT-RECORD")
def test_event_keeps_any_text_whole_or_cut_to_its_column(otto: User) -> None:
    event = record_event(
        EventKind.REVIEWED, "a\x00b\ud800" + "x" * 500, actor=otto, details={"note": "\x00é\ud800"}
    )
    event.refresh_from_db()
    assert event.summary.startswith("a\\u0000b\\ud800x")
    assert len(event.summary) == 300
    assert event.actor_name == "otto"
    assert json.loads(event.details)["note"] == "\x00é\ud800"


@pytest.mark.proves("EVENT-TOKENS")
def test_life_of_a_token_is_told_with_who_did_it_and_without_its_secret(
    alice: User, tess: User
) -> None:
    issued = issue_token(user=alice, label="laptop", issued_by=tess)
    event = told(EventKind.TOKEN_ISSUED)
    assert (event.actor, event.subject, event.token) == (tess, alice, issued.token)
    rotated = rotate_token(token=issued.token, by=tess)
    assert told(EventKind.TOKEN_ROTATED).token == issued.token
    revoke_token(token=rotated.token, revoked_by=tess, reason="lost laptop")
    event = told(EventKind.TOKEN_REVOKED)
    assert event.token == rotated.token
    assert json.loads(event.details) == {"reason": "lost laptop"}
    written = str(list(Event.objects.values()))
    for secret in (issued.secret, rotated.secret):
        assert secret not in written
    assert issued.token.digest not in written


@pytest.mark.proves("EVENT-PEOPLE")
def test_people_and_teams_are_told(alice: User, tess: User) -> None:
    added = told_of(alice, EventKind.PERSON_ADDED)
    assert added.summary == "alice was added"
    join_team(team=Team.objects.create(name="Night"), user=alice, by=tess)
    assert last().summary == "Team Night was changed: members"
    deactivate_person(user=alice, by=tess)
    assert told(EventKind.PERSON_DEACTIVATED).actor == tess
    activate_person(user=alice, by=tess)
    assert told(EventKind.PERSON_ACTIVATED).subject == alice
    assign_policy(user=alice, policy=AccessPolicy.objects.create(name="narrow"), by=tess)
    assert last().summary == "alice has policy narrow instead of the default"


def told_of(user: User, kind: EventKind) -> Event:
    """Return the one event of that kind about that person."""
    return Event.objects.get(kind=kind, subject=user)


@pytest.mark.proves("EVENT-SERVER")
def test_pause_denied_columns_and_their_end_are_told(sue: User) -> None:
    pause_server(message="Back at noon", by=sue)
    assert json.loads(told(EventKind.PAUSED).details)["message"] == "Back at noon"
    resume_server(by=sue)
    assert told(EventKind.RESUMED).actor == sue
    denied = deny_column(
        schema="tracksolid", table="drivers", column="phone", reason="personal", by=sue
    )
    assert told(EventKind.COLUMN_DENIED).summary == "tracksolid.drivers.phone was denied"
    allow_column(denied=denied, by=sue)
    assert told(EventKind.COLUMN_ALLOWED).actor == sue


@pytest.mark.proves("EVENT-CANCEL")
def test_cancel_by_somebody_else_is_told_once_and_a_client_s_own_is_not(
    asked: Ask, alice: User, tess: User, token: AnalystToken
) -> None:
    query_id = open_query(asked(rpc_id="7"))
    assert request_cancel_of_call(token_id=token.pk, rpc_id="7", by="client")
    assert not Event.objects.filter(kind=EventKind.QUERY_CANCELLED).exists()
    query_id = open_query(asked())
    assert request_cancel(query_id=query_id, by="tess", actor=tess)
    assert request_cancel(query_id=query_id, by="otto")
    event = told(EventKind.QUERY_CANCELLED)
    assert (event.actor, event.subject, event.token) == (tess, alice, token)
    assert event.summary == f"tess cancelled query {query_id} of alice"


@pytest.mark.proves("EVENT-CANCEL")
def test_deactivating_somebody_stops_what_they_run_and_pausing_what_all_run(
    asked: Ask, alice: User, sue: User
) -> None:
    first = open_query(asked())
    deactivate_person(user=alice, by=sue)
    assert QueryLog.objects.get(pk=first).cancel_requested_by == "sue"
    second, quiet = open_query(asked()), "Back soon"
    pause_server(message=quiet, by=sue)
    assert QueryLog.objects.get(pk=second).cancel_requested_at is None
    resume_server(by=sue)
    pause_server(message=quiet, by=sue, cancel_running=True)
    assert QueryLog.objects.get(pk=second).cancel_requested_by == "sue"


@pytest.mark.proves("EVENT-FAIL-CLOSED")
@pytest.mark.parametrize("deed", ["issue", "revoke", "deactivate", "pause", "cancel"])
def test_what_can_not_be_recorded_does_not_happen(
    deed: str, alice: User, sue: User, token: AnalystToken, asked: Ask
) -> None:
    query_id = open_query(asked())
    deeds: dict[str, Callable[[], Any]] = {
        "issue": lambda: issue_token(user=alice, label="second", issued_by=sue),
        "revoke": lambda: revoke_token(token=token, revoked_by=sue, reason="lost"),
        "deactivate": lambda: deactivate_person(user=alice, by=sue),
        "pause": lambda: pause_server(message="Back soon", by=sue),
        "cancel": lambda: request_cancel(query_id=query_id, by="sue", actor=sue),
    }
    with pytest.raises(DatabaseError), transaction.atomic(), connection.execute_wrapper(_no_event):
        deeds[deed]()
    token.refresh_from_db()
    alice.refresh_from_db()
    assert AnalystToken.objects.count() == 1
    assert token.revoked_at is None
    assert alice.is_active
    assert not Pause.objects.exists()
    assert QueryLog.objects.get(pk=query_id).cancel_requested_at is None


def _no_event(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.startswith('INSERT INTO "audit_event"'):
        raise DatabaseError("disk full")
    return execute(sql, params, many, context)


@pytest.mark.proves("EVENT-SIGN-IN")
def test_sign_in_failure_and_sign_out_are_told_with_the_address_and_no_password(
    client: Client, ivan: User
) -> None:
    ivan.set_password(SECRET)
    ivan.save()
    address = reverse("account_login")
    wrong = {"login": "ivan", "password": "guess-what-" + SECRET}
    client.post(address, wrong, REMOTE_ADDR="203.0.113.9")
    failed = told(EventKind.SIGN_IN_FAILED)
    assert (failed.actor, failed.actor_name, failed.subject) == (None, "ivan", ivan)
    assert failed.ip == "203.0.113.9"
    client.post(address, {"login": "ivan", "password": SECRET}, REMOTE_ADDR="203.0.113.9")
    assert (told(EventKind.SIGNED_IN).actor, last().ip) == (ivan, "203.0.113.9")
    client.post(reverse("account_logout"))
    assert told(EventKind.SIGNED_OUT).actor == ivan
    assert SECRET not in str(list(Event.objects.values()))


@pytest.mark.proves("EVENT-SIGN-IN")
@pytest.mark.parametrize("typed", ["ivan", "IVAN", "iVan"])
def test_failure_in_any_case_of_letters_is_found_at_the_person(
    client: Client, ivan: User, typed: str
) -> None:
    client.post(reverse("account_login"), {"login": typed, "password": "wrong"})
    failed = told(EventKind.SIGN_IN_FAILED)
    assert (failed.actor_name, failed.subject) == (typed, ivan)


@pytest.mark.proves("EVENT-SIGN-IN")
@pytest.mark.parametrize(
    ("name", "kept"),
    [("n" * 500, "n" * 150), ("\ud800\x00", "\\ud800\\u0000"), ("", "nobody"), (None, "nobody")],
)
def test_attempted_name_is_kept_storable_and_short(db: None, name: str | None, kept: str) -> None:
    from django.contrib.auth.signals import user_login_failed

    credentials = {"username": name, "password": SECRET}
    user_login_failed.send(sender=__name__, credentials=credentials, request=None)
    assert last().actor_name == kept
    assert SECRET not in str(Event.objects.values().get())
