"""The operator's commands."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.authentication import authenticate
from accounts.models import AnalystToken, User
from accounts.services import IssuedToken

STRONG = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"


def run(*words: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.proves("TOKEN-COMMANDS")
def test_issue_prints_the_token_alone_and_once_on_stdout(alice: User) -> None:
    out, err = run("issue_token", "alice", "--label", "laptop", "--days", "3")
    caller = authenticate(f"Bearer {out.strip()}")
    assert caller is not None
    assert (caller.username, caller.credential.name) == ("alice", "laptop")
    assert out.count("fmcp_") == 1
    assert out.strip() not in err
    assert "claude mcp add --transport http" in err


@pytest.mark.proves("TOKEN-COMMANDS")
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("nobody",), "There is no user 'nobody'"),
        (("alice", "--days", "0"), "at most 3650 days"),
        (("alice", "--days", "99999999999"), "too large"),
        (("alice", "--label", ""), "label"),
        (("a b", "--create-user"), "150 letters"),
        (("bob", "--create-user", "--days", "0"), "at most 3650 days"),
    ],
)
def test_refused_issue_is_one_clear_sentence_and_leaves_nothing(
    alice: User, words: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        run("issue_token", *words)
    assert not AnalystToken.objects.exists()
    assert list(User.objects.all()) == [alice]


@pytest.mark.proves("TOKEN-COMMANDS")
def test_issue_creates_the_person_when_asked(db: None) -> None:
    run("issue_token", "bob", "--create-user")
    assert not User.objects.get(username="bob").has_usable_password()


@pytest.mark.proves("TOKEN-COMMANDS")
@pytest.mark.parametrize("attribute", ["pk", "prefix"])
def test_revoke_by_id_or_prefix_closes_the_door(issued: IssuedToken, attribute: str) -> None:
    name = str(getattr(issued.token, attribute))
    assert run("revoke_token", name, "--reason", "lost")[0].startswith("Revoked")
    assert authenticate(f"Bearer {issued.secret}") is None
    assert "already revoked" in run("revoke_token", name, "--reason", "again")[0]
    assert AnalystToken.objects.get().revoke_reason == "lost"


@pytest.mark.proves("TOKEN-COMMANDS")
def test_revoke_of_an_unknown_token_does_not_repeat_what_was_typed(issued: IssuedToken) -> None:
    for typed in (issued.secret, "9" * 30, "²"):
        with pytest.raises(CommandError, match="No token has that") as refusal:
            run("revoke_token", typed, "--reason", "lost")
        assert typed not in str(refusal.value)


@pytest.mark.proves("TOKEN-COMMANDS")
def test_prefix_that_is_also_an_id_is_not_guessed(issued: IssuedToken, alice: User) -> None:
    AnalystToken.objects.create(
        user=alice,
        label="old",
        prefix=str(issued.token.pk),
        digest="0" * 64,
        expires_at=issued.token.expires_at,
    )
    with pytest.raises(CommandError, match="by its id"):
        run("revoke_token", str(issued.token.pk), "--reason", "lost")
    assert not AnalystToken.objects.filter(revoked_at__isnull=False).exists()


@pytest.mark.proves("TOKEN-NEVER-SHOWN-AGAIN")
@pytest.mark.parametrize("form", [(), ("--json",), ("--user", "alice")])
def test_list_shows_tokens_without_secret_or_digest(
    issued: IssuedToken, form: tuple[str, ...]
) -> None:
    out, _ = run("list_tokens", *form)
    assert issued.token.prefix in out
    assert "active" in out
    assert issued.secret not in out
    assert issued.token.digest not in out


@pytest.mark.proves("TOKEN-COMMANDS")
def test_list_as_json_is_for_programs_and_of_one_person_if_asked(
    issued: IssuedToken, tess: User
) -> None:
    (row,) = json.loads(run("list_tokens", "--json")[0])
    assert (row["user"], row["status"], row["last_used_at"]) == ("alice", "active", None)
    assert json.loads(run("list_tokens", "--json", "--user", "tess")[0]) == []
    with pytest.raises(CommandError, match="no user"):
        run("list_tokens", "--user", "nobody")


@pytest.mark.proves("TOKEN-COMMANDS")
@pytest.mark.parametrize("source", ["env", "other env", "secret file", "file", "stdin"])
def test_import_reads_every_source_and_prints_no_token(
    db: None, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"bob:{STRONG}"
    file = tmp_path / "tokens"
    file.write_text(text)
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    words: dict[str, tuple[str, ...]] = {
        "other env": ("--env", "OLD_TOKENS"),
        "file": ("--file", str(file)),
        "stdin": ("--file", "-"),
    }
    variables = {
        "env": ("MCP_AUTH_TOKENS", text),
        "other env": ("OLD_TOKENS", text),
        "secret file": ("MCP_AUTH_TOKENS_FILE", str(file)),
    }
    if source in variables:
        monkeypatch.setenv(*variables[source])
    out, err = run("import_tokens", *words.get(source, ()))
    assert out.startswith("1. bob: imported")
    assert STRONG not in out + err
    assert authenticate(f"Bearer {STRONG}")


@pytest.mark.proves("TOKEN-COMMANDS")
def test_refused_import_is_a_clear_error_without_tokens(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MCP_AUTH_TOKENS", raising=False)
    with pytest.raises(CommandError, match="MCP_AUTH_TOKENS is empty"):
        run("import_tokens")
    with pytest.raises(CommandError, match="can't be read"):
        run("import_tokens", "--file", str(tmp_path / "none"))
    monkeypatch.setenv("MCP_AUTH_TOKENS", f"bob:{STRONG},eve:{STRONG}")
    with pytest.raises(CommandError, match=r"entry 2 \(eve\)") as refusal:
        run("import_tokens")
    assert STRONG not in str(refusal.value)
