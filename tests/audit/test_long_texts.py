"""Texts of any length and kind: a page stays small and says that it does not show all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.admin import showing
from audit.services import Asked, open_query
from tests.audit.pages import signed_in

Ask = Callable[..., Asked]
REST = "the export has all of it"


def shown(client: Client, asked: Asked) -> str:
    """Return the page of that query."""
    address = reverse("admin:audit_querylog_change", args=[open_query(asked)])
    return client.get(address).content.decode()


@pytest.mark.proves("AUDIT-LONG-TEXT")
@pytest.mark.parametrize("piece", ["\x7f\u200b", "a\u202e", "<", "'", "\x00\x01 "])
def test_page_of_a_quarter_million_characters_stays_small(
    sue: User, asked: Ask, piece: str
) -> None:
    sql = (piece * 250_000)[:250_000]
    text = shown(signed_in(sue), asked(sql=sql, arguments=f'{{"sql": "{sql}"}}'))
    assert len(text) < 5_000_000
    assert REST in " ".join(text.split())


@pytest.mark.proves("AUDIT-LONG-TEXT")
def test_page_of_nothing_but_deletes_is_shown_whole_in_a_few_codes(sue: User, asked: Ask) -> None:
    sql = "\x7f" * 250_000
    text = shown(signed_in(sue), asked(sql=sql, arguments=f'{{"sql": "{sql}"}}'))
    assert "U+007F ×250,000" in text
    assert len(text) < 50_000


@pytest.mark.proves("AUDIT-LONG-TEXT")
def test_page_that_shows_all_says_nothing_of_a_rest(sue: User, asked: Ask) -> None:
    text = shown(signed_in(sue), asked(sql="SELECT " + "a" * 60_000))
    assert REST not in " ".join(text.split())


@pytest.mark.proves("AUDIT-LONG-TEXT")
def test_run_of_one_hidden_character_is_one_code_with_its_number() -> None:
    assert showing.visible("a" + "\x7f" * 250_000 + "b").count("hidden-character") == 1
    assert "U+007F ×250,000" in showing.visible("a" + "\x7f" * 250_000 + "b")
    assert showing.visible("\x7f\u200b").count("hidden-character") == 2
    assert "×" not in showing.visible("\x7f")
