"""Issuing, revoking, keeping."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.dispatch import Signal
from django.utils import timezone

from accounts.errors import AccountsError, IssueRefused, RevokeRefused, TokenNotDeletable
from accounts.models import AnalystToken, TokenStatus, User
from accounts.secrets import digest
from accounts.services import IssuedToken, ensure_analyst, issue_token, revoke_token
from accounts.signals import token_issued, token_revoked


def all_text(token: AnalystToken) -> str:
    row = AnalystToken.objects.filter(pk=token.pk).values().get()
    return " ".join(str(value) for value in row.values())


@pytest.mark.proves("TOKEN-STORED-AS-DIGEST")
def test_database_holds_digest_and_prefix_but_not_the_token(issued: IssuedToken) -> None:
    assert issued.token.digest == digest(issued.secret)
    assert issued.secret.startswith(issued.token.prefix)
    assert issued.secret not in all_text(issued.token)


@pytest.mark.proves("TOKEN-NEVER-SHOWN-AGAIN")
def test_neither_secret_nor_digest_is_in_any_str_or_repr(issued: IssuedToken) -> None:
    said = f"{issued} {issued!r} {issued.token} {issued.token!r}"
    assert issued.secret not in said
    assert issued.token.digest not in said


@pytest.mark.proves("TOKEN-LIFETIME")
def test_default_lifetime_is_the_setting(alice: User, settings: LazySettings) -> None:
    settings.TOKEN_LIFETIME_DAYS = 7
    token = issue_token(user=alice, label="laptop").token
    assert timedelta(days=6) < token.expires_at - timezone.now() <= timedelta(days=7)


@pytest.mark.proves("TOKEN-LIFETIME")
@pytest.mark.parametrize("days", [0, -1, 3651])
def test_lifetime_out_of_range_is_refused(alice: User, days: int) -> None:
    with pytest.raises(IssueRefused, match="at most 3650 days"):
        issue_token(user=alice, label="laptop", lifetime=timedelta(days=days))
    assert not AnalystToken.objects.exists()


@pytest.mark.proves("TOKEN-LABEL")
@pytest.mark.parametrize("label", ["", "  ", "a\nb", "a\x1b[31m", "a\u202eb", "x" * 101])
def test_label_that_is_not_one_printable_line_is_refused(alice: User, label: str) -> None:
    with pytest.raises(IssueRefused, match="label"):
        issue_token(user=alice, label=label)


@pytest.mark.proves("TOKEN-INACTIVE-OWNER")
def test_no_token_is_issued_to_a_deactivated_person(alice: User) -> None:
    alice.is_active = False
    with pytest.raises(IssueRefused, match="alice is deactivated"):
        issue_token(user=alice, label="laptop")


@pytest.mark.proves("TOKEN-REVOKE")
def test_first_revocation_stands(issued: IssuedToken, tess: User, otto: User) -> None:
    stale = AnalystToken.objects.get(pk=issued.token.pk)
    assert revoke_token(token=issued.token, revoked_by=tess, reason="laptop lost")
    assert not revoke_token(token=stale, revoked_by=otto, reason="something else")
    assert stale.revoked_by == tess
    assert stale.revoke_reason == "laptop lost"
    assert stale.status is TokenStatus.REVOKED


@pytest.mark.proves("TOKEN-REVOKE")
@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "x" * 201])
def test_revocation_without_a_reason_of_one_line_is_refused(
    issued: IssuedToken, reason: str
) -> None:
    with pytest.raises(RevokeRefused, match="reason"):
        revoke_token(token=issued.token, reason=reason)
    assert issued.token.status is TokenStatus.ACTIVE


@pytest.mark.proves("TOKEN-REVOKE")
def test_database_refuses_a_revocation_without_reason(issued: IssuedToken) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AnalystToken.objects.update(revoked_at=timezone.now())


@pytest.mark.proves("TOKEN-SIGNALS")
def test_issue_and_revoke_are_announced_once_each(alice: User, tess: User) -> None:
    heard: list[tuple[object, ...]] = []

    def hear(sender: object, *, signal: Signal, token: AnalystToken, by: User, **_: Any) -> None:
        heard.append((signal, sender, token.pk, token.status, by))

    for signal in (token_issued, token_revoked):
        signal.connect(hear)
    try:
        token = issue_token(user=alice, label="laptop", issued_by=tess).token
        revoke_token(token=token, revoked_by=tess, reason="lost")
        revoke_token(token=token, revoked_by=tess, reason="lost again")
    finally:
        for signal in (token_issued, token_revoked):
            signal.disconnect(hear)
    assert heard == [
        (token_issued, AnalystToken, token.pk, TokenStatus.ACTIVE, tess),
        (token_revoked, AnalystToken, token.pk, TokenStatus.REVOKED, tess),
    ]


@pytest.mark.proves("TOKEN-SIGNALS")
def test_token_that_can_not_be_recorded_is_not_issued(alice: User) -> None:
    def break_down(sender: object, **kwargs: Any) -> None:
        raise RuntimeError("the audit is down")

    token_issued.connect(break_down)
    try:
        with pytest.raises(RuntimeError):
            issue_token(user=alice, label="laptop")
    finally:
        token_issued.disconnect(break_down)
    assert not AnalystToken.objects.exists()


@pytest.mark.proves("TOKEN-NEVER-DELETED")
def test_tokens_and_their_owners_can_not_be_deleted(issued: IssuedToken, alice: User) -> None:
    with pytest.raises(TokenNotDeletable, match="revoke the token instead"):
        issued.token.delete()
    with pytest.raises(TokenNotDeletable):
        AnalystToken.objects.filter(user=alice).delete()
    with pytest.raises(ProtectedError):
        alice.delete()
    assert AnalystToken.objects.count() == 1


@pytest.mark.proves("TOKEN-STATUS")
def test_status_and_questions_agree(alice: User) -> None:
    active, expired, revoked = (issue_token(user=alice, label=n).token for n in "abc")
    now = timezone.now()
    expired.expires_at = now
    expired.save()
    revoke_token(token=revoked, reason="lost")
    for token, status in zip((active, expired, revoked), TokenStatus, strict=True):
        assert token.status_at(now) is status
        assert list(AnalystToken.objects.with_status(status, now)) == [token]
    assert list(AnalystToken.objects.usable(now)) == [active]


@pytest.mark.proves("TOKEN-STATUS")
def test_token_of_a_deactivated_person_is_active_but_not_usable(
    issued: IssuedToken, alice: User
) -> None:
    User.objects.update(is_active=False)
    token = AnalystToken.objects.get()
    assert token.status is TokenStatus.ACTIVE
    assert not token.is_usable(timezone.now())
    assert not AnalystToken.objects.usable(timezone.now()).exists()


@pytest.mark.proves("TOKEN-PEOPLE")
def test_person_is_created_without_a_usable_password_and_found_again(db: None) -> None:
    made = ensure_analyst(username="bob")
    assert not made.has_usable_password()
    assert not made.is_staff
    assert ensure_analyst(username="bob") == made


@pytest.mark.proves("TOKEN-PEOPLE")
@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 151, "ALICE"])
def test_bad_or_confusable_name_is_refused(alice: User, name: str) -> None:
    with pytest.raises(IssueRefused):
        ensure_analyst(username=name)
    assert list(User.objects.all()) == [alice]


@pytest.mark.proves("TOKEN-ERRORS")
def test_every_error_has_a_code_of_its_own() -> None:
    kinds = AccountsError.__subclasses__()
    assert len({kind.code for kind in kinds}) == len(kinds) == 13
