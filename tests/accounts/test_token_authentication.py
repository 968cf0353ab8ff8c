"""A header in, a caller or nothing out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import authentication
from accounts.authentication import REFUSAL, Caller, Credential, authenticate
from accounts.models import AccessPolicy, AnalystToken, User
from accounts.secrets import digest, make_token
from accounts.services import IssuedToken, issue_token, revoke_token

BAD_HEADERS = {
    "missing": lambda token: None,
    "empty": lambda token: "",
    "scheme only": lambda token: "Bearer",
    "no token": lambda token: "Bearer ",
    "no scheme": lambda token: token,
    "no blank": lambda token: f"Bearer{token}",
    "other scheme": lambda token: f"Basic {token}",
    "two tokens": lambda token: f"Bearer {token} {token}",
    "joined headers": lambda token: f"Bearer {token}, Bearer {token}",
    "tab": lambda token: f"Bearer\t{token}",
    "newline": lambda token: f"Bearer {token}\n",
    "nul": lambda token: f"Bearer {token}\0",
    "not ascii": lambda token: f"Bearer {token}é",
    "non-breaking blank": lambda token: f"Bearer {token}\xa0",
    "too long": lambda token: f"Bearer {token * 10}",
    "quoted": lambda token: f'Bearer "{token}"',
    "unknown": lambda token: f"Bearer {make_token()}",
    "mistyped": lambda token: f"Bearer {token[:-1]}{'1' if token[-1] == '0' else '0'}",
    "other case": lambda token: f"Bearer {token.swapcase()}",
    "truncated": lambda token: f"Bearer {token[:-1]}",
    "the digest": lambda token: f"Bearer {digest(token)}",
    "the prefix": lambda token: f"Bearer {token[:11]}",
    "lone surrogate": lambda token: "Bearer \udcff",
}


def expire(token: AnalystToken) -> None:
    AnalystToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())


def revoke(token: AnalystToken) -> None:
    revoke_token(token=token, reason="lost")


def deactivate(token: AnalystToken) -> None:
    User.objects.filter(pk=token.user_id).update(is_active=False)


SPOILERS: list[Callable[[AnalystToken], None]] = [expire, revoke, deactivate]


@pytest.mark.proves("TOKEN-CALLER")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_good_token_names_the_caller(issued: IssuedToken, alice: User, scheme: str) -> None:
    assert authenticate(f"{scheme} {issued.secret}") == Caller(
        user_id=alice.pk,
        username="alice",
        credential=Credential("laptop", token_id=issued.token.pk),
        policy=AccessPolicy.objects.get(is_default=True).limits,
    )


@pytest.mark.proves("TOKEN-CALLER")
def test_each_person_is_named_by_their_own_token(issued: IssuedToken, bob: User) -> None:
    other = issue_token(user=bob, label="phone")
    callers = [authenticate(f"Bearer {one.secret}") for one in (issued, other)]
    assert [caller and caller.username for caller in callers] == ["alice", "bob"]


@pytest.mark.proves("TOKEN-REFUSED")
@pytest.mark.parametrize("header", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_bad_header_is_refused(issued: IssuedToken, header: Callable[[str], str | None]) -> None:
    assert authenticate(header(issued.secret)) is None


@pytest.mark.proves("TOKEN-REFUSED")
@pytest.mark.parametrize("spoil", SPOILERS)
def test_spoiled_token_is_refused_at_the_very_next_call(
    issued: IssuedToken, spoil: Callable[[AnalystToken], None]
) -> None:
    assert authenticate(f"Bearer {issued.secret}")
    spoil(issued.token)
    assert authenticate(f"Bearer {issued.secret}") is None


@pytest.mark.proves("TOKEN-REFUSED")
@pytest.mark.parametrize(("length", "opens"), [(512, True), (513, False)])
def test_nothing_longer_than_512_characters_is_taken_for_a_token(
    issued: IssuedToken, length: int, opens: bool
) -> None:
    AnalystToken.objects.update(digest=digest("k" * length))
    assert bool(authenticate(f"Bearer {'k' * length}")) is opens


@pytest.mark.proves("TOKEN-REFUSED")
def test_stand_in_for_a_missing_token_opens_nothing(issued: IssuedToken) -> None:
    AnalystToken.objects.update(digest=digest(authentication._STAND_IN))
    assert authenticate(None) is None


@pytest.mark.proves("TOKEN-REFUSED")
@pytest.mark.django_db
@given(header=st.text(max_size=600) | st.text(max_size=600).map(lambda text: f"Bearer {text}"))
def test_no_text_breaks_the_door_or_opens_it(header: str) -> None:
    assert authenticate(header) is None


@pytest.mark.proves("TOKEN-SAME-WORK")
@pytest.mark.parametrize("header", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_every_bad_header_costs_one_hash_and_one_query(
    issued: IssuedToken,
    header: Callable[[str], str | None],
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
) -> None:
    counted = Mock(side_effect=digest)
    monkeypatch.setattr(authentication, "digest", counted)
    with django_assert_num_queries(1):
        authenticate(header(issued.secret))
    assert counted.call_count == 1


@pytest.mark.proves("TOKEN-SAME-WORK")
@pytest.mark.parametrize("spoil", SPOILERS)
def test_spoiled_token_costs_the_same_query_as_an_unknown_one(
    issued: IssuedToken, spoil: Callable[[AnalystToken], None]
) -> None:
    spoil(issued.token)
    statements = []
    for token in (issued.secret, make_token(), "x"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            authenticate(f"Bearer {token}")
        statements.append([q["sql"].replace(digest(token), "?") for q in queries])
    assert statements[0] == statements[1] == statements[2]
    assert len(statements[0]) == 1


@pytest.mark.proves("TOKEN-SAME-WORK")
def test_look_up_is_served_by_the_unique_index(issued: IssuedToken) -> None:
    plan = AnalystToken.objects.filter(digest=issued.token.digest).order_by().explain()
    assert "USING INDEX" in plan or "Index Scan" in plan


@pytest.mark.proves("TOKEN-LAST-USED")
def test_use_is_written_at_most_once_a_minute(
    issued: IssuedToken, django_assert_num_queries: Any
) -> None:
    header = f"Bearer {issued.secret}"
    with django_assert_num_queries(2):
        authenticate(header)
    first = AnalystToken.objects.get().last_used_at
    with django_assert_num_queries(1):
        authenticate(header)
    assert first is not None
    assert AnalystToken.objects.get().last_used_at == first
    AnalystToken.objects.update(last_used_at=first - timedelta(seconds=61))
    authenticate(header)
    used = AnalystToken.objects.get().last_used_at
    assert used is not None
    assert used >= first


@pytest.mark.proves("TOKEN-LAST-USED")
@pytest.mark.parametrize("spoil", SPOILERS)
def test_refused_token_is_not_marked_as_used(
    issued: IssuedToken, spoil: Callable[[AnalystToken], None]
) -> None:
    spoil(issued.token)
    authenticate(f"Bearer {issued.secret}")
    assert AnalystToken.objects.get().last_used_at is None


@pytest.mark.proves("TOKEN-LAST-USED")
def test_locked_database_neither_refuses_nor_raises_and_logs_no_secret(
    issued: IssuedToken, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE"):
            raise OperationalError(f"database is locked while storing {issued.token.digest}")
        return execute(sql, *rest)

    with caplog.at_level(logging.DEBUG), connection.execute_wrapper(locked):
        caller = authenticate(f"Bearer {issued.secret}")
    assert caller is not None
    assert f"Use of token {issued.token.pk} not noted: OperationalError" in caplog.text
    assert issued.secret not in caplog.text
    assert issued.token.digest not in caplog.text


@pytest.mark.proves("TOKEN-FAIL-CLOSED")
def test_database_that_can_not_be_asked_raises_and_lets_nobody_in(issued: IssuedToken) -> None:
    def down(*args: Any) -> Any:
        raise OperationalError("down")

    with connection.execute_wrapper(down), pytest.raises(OperationalError):
        authenticate(f"Bearer {issued.secret}")


@pytest.mark.proves("TOKEN-REFUSED")
def test_refusal_says_what_to_do() -> None:
    assert "Authorization: Bearer <token>" in REFUSAL
    assert "team lead" in REFUSAL
