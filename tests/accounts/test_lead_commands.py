"""The lead's verbs at the command line."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.utils import timezone

from accounts.authentication import authenticate
from accounts.models import AnalystToken, Team, User
from accounts.pausing import current_pause
from accounts.services import IssuedToken
from tests.accounts.test_token_commands import run


@pytest.mark.proves("LEAD-COMMANDS")
def test_rotate_prints_the_new_token_alone_on_stdout(issued: IssuedToken) -> None:
    out, err = run("rotate_token", issued.token.prefix, "--overlap-hours", "0", "--days", "3")
    assert authenticate(f"Bearer {out.strip()}")
    assert authenticate(f"Bearer {issued.secret}") is None
    assert out.strip() not in err
    with pytest.raises(CommandError, match="rotated before"):
        run("rotate_token", str(issued.token.pk))
    with pytest.raises(CommandError, match="No token") as refused:
        run("rotate_token", issued.secret)
    assert issued.secret not in str(refused.value)
    with pytest.raises(CommandError, match="too large"):
        run("rotate_token", str(issued.token.pk), "--days", "99999999999")


@pytest.mark.proves("LEAD-COMMANDS")
def test_server_is_paused_and_resumed(db: None) -> None:
    assert "Back soon" in run("pause_server", "Back soon")[0]
    with pytest.raises(CommandError, match="paused already"):
        run("pause_server", "Again")
    assert run("resume_server")[0] == "Resumed.\n"
    assert run("resume_server")[0] == "The server was not paused.\n"
    assert current_pause() is None


@pytest.mark.proves("LEAD-COMMANDS")
def test_analyst_is_added_to_a_team(dispatch: Team, tess: User) -> None:
    assert run("add_analyst", "carol", "--team", "Dispatch")[0] == "Added: carol.\n"
    assert User.objects.get(username="carol") in User.objects.handled_by(tess)
    for words, reason in (
        (("carol",), "is there already"),
        (("dave", "--team", "Nobody"), "no team"),
        (("dave", "--policy", "nothing"), "no access policy"),
    ):
        with pytest.raises(CommandError, match=reason):
            run("add_analyst", *words)


@pytest.mark.proves("TOKEN-EXPIRING")
def test_reminder_for_cron_names_owner_and_lead_and_is_silent_without_cause(
    issued: IssuedToken, tess: User
) -> None:
    assert run("expiring_tokens") == ("", "")
    soon = timezone.now() + timedelta(days=9, hours=1)
    AnalystToken.objects.update(expires_at=soon)
    line = run("expiring_tokens", "--days", "14")[0]
    for word in ("in 9 days", "alice (lead: tess)", issued.token.prefix, "laptop"):
        assert word in line
    assert issued.token.digest not in line
    rows = json.loads(run("expiring_tokens", "--json")[0])
    assert [(row["user"], row["leads"], row["days_left"]) for row in rows] == [
        ("alice", ["tess"], 9)
    ]
    assert run("expiring_tokens", "--days", "8")[0] == ""
    with pytest.raises(CommandError, match="from 0 to"):
        run("expiring_tokens", "--days", "-1")
