"""Taking over the old server's tokens."""

from __future__ import annotations

import base64
import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.authentication import authenticate
from accounts.errors import ImportRefused
from accounts.importing import Outcome, parse
from accounts.models import AnalystToken, TokenStatus, User
from accounts.secrets import digest, make_token
from accounts.services import IssuedToken, ensure_analyst, import_tokens, revoke_token
from accounts.weakness import why_weak

STRONG = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"
OTHER = "Zk3vQ0pTn8LrXw5YbHs2MdJc7GfUa1Ei"

WEAK = {
    "": "is not of the form",
    "short7Kq9": "fewer than 20",
    "9f8a7b6c5d4e3f2a1b0": "fewer than 20",
    "x" * 40: "obvious words",
    "Zz9" * 12: "little variety",
    "abababababababababababab1": "little variety",
    "abcdefghijklmnopqrstuvwxyz0123": "little variety",
    "12345678901234567890123": "obvious words",
    "83619274650918273645": "little variety",
    "kQzWx7Rp" * 4: "little variety",
    "changeme-changeme-changeme": "obvious words",
    "CHANGEME1234567890changeme": "obvious words",
    "secret-secret-secret-secret": "obvious words",
    "token123token123token123": "obvious words",
    "test-test-test-test-test-1": "obvious words",
    "supersecretpassword12345678": "obvious words",
    "replace-with-your-own-token-2024": "obvious words",
    "alice-alice-alice-alice-2024": "derived from the name",
    "ecila-ecila-ecila-ecila-2024": "derived from the name",
    "Alice2024Alice2025Alice2026": "derived from the name",
    hashlib.md5(b"alice").hexdigest(): "derived from the name",
    hashlib.sha256(b"Alice").hexdigest(): "derived from the name",
    "9f8a7b6c5d4e3f2a1b0cé9d8e7f": "visible ASCII",
    "9f8a7b6c5d4e 3f2a1b0c9d8e7f": "visible ASCII",
    "9f8a7b6c5d4e3f2a" * 40: "visible ASCII",
    "fmcp_" + "9f8a7b6c5d4e3f2a1b0c" * 2: "checksum is wrong",
}


@pytest.mark.proves("TOKEN-IMPORT")
def test_old_tokens_keep_opening_the_door(alice: User) -> None:
    done = import_tokens(text=f"alice:{STRONG},bob:{OTHER}")
    assert [(e.position, e.name, e.outcome) for e in done] == [
        (1, "alice", Outcome.IMPORTED),
        (2, "bob", Outcome.IMPORTED),
    ]
    callers = [authenticate(f"Bearer {token}") for token in (STRONG, OTHER)]
    assert [caller and caller.username for caller in callers] == ["alice", "bob"]


@pytest.mark.proves("TOKEN-IMPORT")
def test_import_stores_digests_and_creates_people_without_password(db: None) -> None:
    import_tokens(text=f"bob:{STRONG}")
    token = AnalystToken.objects.get()
    assert token.imported
    assert token.digest == digest(STRONG)
    assert token.prefix == STRONG[:4]
    assert not token.user.has_usable_password()


@pytest.mark.proves("TOKEN-IMPORT")
@pytest.mark.parametrize(
    "text",
    [
        f"alice:{STRONG},bob:{OTHER}",
        f" alice : {STRONG} ,, bob:{OTHER},",
        f"alice:{STRONG}\nbob:{OTHER}\n",
        f'"alice:{STRONG},bob:{OTHER}"',
        f'MCP_AUTH_TOKENS="alice:{STRONG},bob:{OTHER}"',
        f"DEBUG=False\r\nexport MCP_AUTH_TOKENS='alice:{STRONG},bob:{OTHER}'\r\nPORT=1\r\n",
    ],
)
def test_value_and_environment_file_are_read_alike(text: str) -> None:
    read = [(entry.position, entry.name, entry.token) for entry in parse(text)]
    assert read == [(1, "alice", STRONG), (2, "bob", OTHER)]


@pytest.mark.proves("TOKEN-IMPORT")
@pytest.mark.parametrize("text", ["", " , \n", "MCP_AUTH_TOKENS=", 'MCP_AUTH_TOKENS=""'])
def test_nothing_to_import_is_said(text: str) -> None:
    with pytest.raises(ImportRefused, match="nothing to import"):
        parse(text)


@pytest.mark.proves("TOKEN-IMPORT")
def test_entry_without_colon_is_a_token_without_name_for_all_we_know() -> None:
    (entry,) = parse("correcthorse")
    assert entry.shown_name == "without a name"


@pytest.mark.proves("TOKEN-IMPORT")
def test_two_assignments_are_refused() -> None:
    with pytest.raises(ImportRefused, match="more than once"):
        parse(f"MCP_AUTH_TOKENS=a:{STRONG}\nMCP_AUTH_TOKENS=a:{OTHER}")


@pytest.mark.proves("TOKEN-IMPORT-WEAK")
@pytest.mark.parametrize(("token", "reason"), WEAK.items())
def test_weak_token_is_refused_with_its_reason_and_without_itself(
    alice: User, token: str, reason: str
) -> None:
    with pytest.raises(ImportRefused) as refusal:
        import_tokens(text=f"bob:{STRONG},alice:{token}")
    (entry,) = refusal.value.entries
    assert (entry.position, entry.name) == (2, "alice")
    assert reason in entry.reason
    assert not token or token not in f"{refusal.value} {refusal.value!r} {refusal.value.args}"


@pytest.mark.proves("TOKEN-IMPORT-WEAK")
@pytest.mark.parametrize(
    "token",
    [STRONG, OTHER, f"test_{STRONG}", f"alice-{STRONG}", "6f1c0b9e-5d7a-4c83-9e21-b04f7a6d8c35"],
)
def test_strong_token_is_accepted(token: str) -> None:
    assert why_weak(token, "alice") is None


@pytest.mark.proves("TOKEN-IMPORT-WEAK")
@pytest.mark.parametrize("name", ["alice", "al", "bob.smith"])
def test_random_tokens_are_not_taken_for_weak_ones(name: str) -> None:
    chance = random.Random(name)
    for _ in range(300):
        assert why_weak(chance.randbytes(24).hex(), name) is None
        assert why_weak(base64.b64encode(chance.randbytes(33)).decode(), name) is None
        assert why_weak(make_token(), name) is None


@pytest.mark.proves("TOKEN-IMPORT-ATOMIC")
def test_one_bad_entry_refuses_all_and_every_reason_is_given(alice: User) -> None:
    with pytest.raises(ImportRefused) as refusal:
        import_tokens(text=f"bob:{STRONG},alice:short,carol:{STRONG},dave,:{OTHER},a b:{OTHER}x")
    assert [entry.position for entry in refusal.value.entries] == [2, 3, 4, 5, 6]
    assert "entry 3 (carol) has the same token as entry 1." in str(refusal.value)
    assert not AnalystToken.objects.exists()
    assert list(User.objects.all()) == [alice]


@pytest.mark.proves("TOKEN-IMPORT-ATOMIC")
def test_entries_that_clash_only_with_each_other_leave_nothing_behind(db: None) -> None:
    with pytest.raises(ImportRefused, match=r"entry 2 \(Bob\) differs from another"):
        import_tokens(text=f"bob:{STRONG},Bob:{OTHER}")
    assert not User.objects.exists()


@pytest.mark.proves("TOKEN-IMPORT-ATOMIC")
def test_token_in_use_is_refused(issued: IssuedToken, alice: User) -> None:
    import_tokens(text=f"bob:{STRONG}")
    with pytest.raises(ImportRefused) as refusal:
        import_tokens(text=f"alice:{STRONG},alice:{issued.secret},bob:{issued.secret}")
    reasons = [entry.reason for entry in refusal.value.entries]
    assert reasons[:2] == ["has a token that is already in the database"] * 2
    assert reasons[2] == "has the same token as entry 2"


@pytest.mark.proves("TOKEN-IMPORT-ATOMIC")
def test_deactivated_person_is_refused(alice: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(ImportRefused, match="deactivated"):
        import_tokens(text=f"alice:{STRONG}")


@pytest.mark.proves("TOKEN-IMPORT-AGAIN")
def test_second_run_changes_nothing_and_adds_what_is_new(alice: User) -> None:
    import_tokens(text=f"alice:{STRONG}")
    before = AnalystToken.objects.values().get()
    User.objects.update(is_active=False)
    done = import_tokens(text=f"alice:{STRONG},bob:{OTHER}")
    assert [entry.outcome for entry in done] == [Outcome.ALREADY_IMPORTED, Outcome.IMPORTED]
    assert AnalystToken.objects.filter(user=alice).values().get() == before


@pytest.mark.proves("TOKEN-IMPORT-AGAIN")
def test_revoked_token_stays_revoked(alice: User) -> None:
    import_tokens(text=f"alice:{STRONG}")
    revoke_token(token=AnalystToken.objects.get(), reason="lost")
    (entry,) = import_tokens(text=f"alice:{STRONG}")
    assert entry.outcome is Outcome.STAYS_REVOKED
    assert AnalystToken.objects.get().status is TokenStatus.REVOKED
    assert authenticate(f"Bearer {STRONG}") is None


@pytest.mark.proves("TOKEN-IMPORT-QUIET")
@pytest.mark.parametrize("name", ["alice", "Bob.Smith", "zoë", "carol2", "dave@example.com"])
def test_name_that_looks_like_one_is_shown(db: None, name: str) -> None:
    with pytest.raises(ImportRefused) as refusal:
        import_tokens(text=f"{name}:short")
    assert f"entry 1 ({name})" in str(refusal.value)


@pytest.mark.proves("TOKEN-IMPORT-QUIET")
@pytest.mark.parametrize("text", [STRONG, f"{STRONG}:alice", f"{STRONG}:", f"alice:x,{OTHER}"])
def test_token_in_the_place_of_the_name_is_not_shown(db: None, text: str) -> None:
    with pytest.raises(ImportRefused) as refusal:
        import_tokens(text=text)
    assert STRONG not in str(refusal.value)
    assert OTHER not in str(refusal.value)


@pytest.mark.proves("TOKEN-IMPORT-QUIET")
@pytest.mark.django_db
@given(
    token=st.from_regex(r"[A-Z0-9]{8,60}", fullmatch=True),
    text=st.sampled_from(
        ["alice:{}", "{}:alice", "{0}:{0}", "a b:{}", "alice:{},x", "alice: {}\n"]
    ),
)
def test_no_refusal_ever_carries_a_token(token: str, text: str) -> None:
    with pytest.raises(ImportRefused) as refusal:
        import_tokens(text=f"bad:entry,{text.format(token)}")
    assert token not in f"{refusal.value} {refusal.value!r} {refusal.value.entries}"


@pytest.mark.proves("TOKEN-PEOPLE")
def test_import_uses_the_people_that_exist(db: None) -> None:
    bob = ensure_analyst(username="bob")
    import_tokens(text=f"bob:{STRONG},bob:{OTHER}")
    assert bob.tokens.count() == 2
