"""The deny-list: what may stand on it, and who hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import denials
from accounts.denials import allow_column, denied_columns, deny_column, recent_denied_columns
from accounts.errors import DenyRefused
from accounts.models import DeniedColumn, User
from accounts.signals import column_allowed, column_denied
from tests.accounts.test_policies import heard

PHONE: dict[str, Any] = {
    "schema": "tracksolid",
    "table": "drivers",
    "column": "phone",
    "reason": "personal",
}


@pytest.fixture(autouse=True)
def _forget() -> None:
    denials.forget_denied_columns()


@pytest.mark.proves("DENY-LIST")
def test_entry_says_what_why_by_whom_and_is_announced(tess: User) -> None:
    with heard(column_denied) as said, heard(column_allowed) as taken:
        denied = deny_column(**PHONE, by=tess)
        assert denied_columns() == (("tracksolid", "drivers", "phone"),)
        assert (str(denied), denied.created_by) == ("tracksolid.drivers.phone", tess)
        assert allow_column(denied=denied, by=tess)
        assert not allow_column(denied=denied, by=tess)
    assert denied_columns() == ()
    assert [(one["column"], one["by"]) for one in said] == [(denied, tess)]
    assert [(str(one["column"]), one["by"]) for one in taken] == [(str(denied), tess)]


@pytest.mark.proves("DENY-LIST")
@pytest.mark.django_db
def test_same_column_stands_on_the_list_once() -> None:
    deny_column(**PHONE)
    with pytest.raises(DenyRefused, match="already exists"):
        deny_column(**PHONE)
    assert DeniedColumn.objects.count() == 1


@pytest.mark.proves("DENY-LIST")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"schema": "pg_catalog"}, "Not served here"),
        ({"table": ""}, "table"),
        ({"table": "drivers.phone"}, "without dot or comma"),
        ({"column": "phone,full_name"}, "without dot or comma"),
        ({"column": " phone"}, "without blanks"),
        ({"column": "phone\n"}, "printable"),
        ({"column": "é" * 32}, "as PostgreSQL shows it"),
        ({"column": "p" * 64}, "63"),
        ({"reason": ""}, "reason"),
        ({"reason": "two\nlines"}, "printable"),
        ({"reason": "line\u2028separator"}, "printable"),
    ],
)
def test_name_that_can_not_be_one_is_refused(fields: dict[str, str], why: str) -> None:
    with pytest.raises(DenyRefused, match=why):
        deny_column(**{**PHONE, **fields})
    assert not DeniedColumn.objects.exists()


@pytest.mark.proves("DENY-LIST")
@pytest.mark.django_db
def test_change_that_can_not_be_recorded_does_not_happen() -> None:
    def break_down(**words: Any) -> None:
        raise RuntimeError("the audit is down")

    for signal in (column_denied, column_allowed):
        signal.connect(break_down)
    try:
        with pytest.raises(RuntimeError):
            deny_column(**PHONE)
        assert not DeniedColumn.objects.exists()
        denied = DeniedColumn.objects.create(**PHONE)
        with pytest.raises(RuntimeError):
            allow_column(denied=denied)
        assert DeniedColumn.objects.exists()
    finally:
        for signal in (column_denied, column_allowed):
            signal.disconnect(break_down)


@pytest.mark.proves("DENY-LIST")
@pytest.mark.django_db
def test_list_for_the_engine_costs_a_query_only_when_it_is_old_or_changed_here(
    django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with django_assert_num_queries(1):
        assert recent_denied_columns() == recent_denied_columns() == ()
    deny_column(**PHONE)
    with django_assert_num_queries(1):
        assert len(recent_denied_columns()) == len(recent_denied_columns()) == 1
    monkeypatch.setattr(denials, "FRESH_SECONDS", -1.0)
    with django_assert_num_queries(2):
        recent_denied_columns()
        recent_denied_columns()
