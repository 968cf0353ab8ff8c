"""The shape of tokens."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.secrets import digest, looks_mistyped, make_token, shown_prefix


@pytest.mark.proves("TOKEN-SHAPE")
def test_token_has_recognisable_prefix_and_256_random_bits() -> None:
    assert re.fullmatch(r"fmcp_[0-9A-Za-z]{43}[0-9A-Za-z]{6}", make_token())
    assert 62**43 >= 2**256
    assert len({make_token() for _ in range(200)}) == 200


@pytest.mark.proves("TOKEN-SHAPE")
def test_fresh_token_does_not_look_mistyped() -> None:
    assert not any(looks_mistyped(make_token()) for _ in range(200))


@pytest.mark.proves("TOKEN-TYPO")
@given(position=st.integers(5, 53), char=st.sampled_from("0AZaz9_- é"))
def test_one_wrong_character_looks_mistyped(position: int, char: str) -> None:
    token = make_token()
    wrong = token[:position] + char + token[position + 1 :]
    assert looks_mistyped(wrong) is (wrong != token)


@pytest.mark.proves("TOKEN-TYPO")
@given(length=st.integers(5, 53))
def test_truncated_token_looks_mistyped(length: int) -> None:
    assert looks_mistyped(make_token()[:length])


@pytest.mark.proves("TOKEN-TYPO")
@given(text=st.text(max_size=80).filter(lambda text: not text.startswith("fmcp_")))
def test_text_without_our_prefix_is_foreign_and_not_mistyped(text: str) -> None:
    assert not looks_mistyped(text)


@pytest.mark.proves("TOKEN-STORED-AS-DIGEST")
def test_digest_is_the_sha256_in_hex() -> None:
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.proves("TOKEN-STORED-AS-DIGEST")
def test_shown_prefix_gives_away_little() -> None:
    token = make_token()
    assert shown_prefix(token) == token[:11]
    assert shown_prefix("q7Rt0pZx3LmV9sKc2WdY") == "q7Rt"
