"""No value in an address makes a page of the admin fail."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.touched import Touch
from tests.audit.history import ask, days_ago
from tests.audit.pages import signed_in

NASTY = (
    "-1", "9" * 30, "9" * 5000, "\u0663" * 25, "\u00b2", "1e308", "nan", "\x00", "'\"\\%",
    "9999-12-31", "0001-01-01",
)  # fmt: skip
LISTS = ("q", "p", "o", "e", "all", "_popup", "_to_field", "_facets", "id", "pk__in", "__exact")
HISTORY = (
    "q user user__id__exact team token tool outcome reason period object fingerprint slow large"
    " from to before p"
).split()
PAGES = {
    "admin:audit_querylog_changelist": HISTORY,
    "admin:audit_export": HISTORY,
    "admin:audit_event_changelist": ["q", "kind", "person", "period", "p"],
    "admin:audit_export_events": ["q", "kind", "person", "period", "p"],
    "admin:audit_usage": ["days", "from", "to"],
    "admin:audit_review": ["p"],
    "admin:audit_running": ["p"],
    "admin:accounts_expiring": ["days"],
    "admin:accounts_pause": ["p"],
    "admin:accounts_analysttoken_add": ["user"],
    "admin:accounts_user_add": ["team", "policy", "username"],
    "admin:accounts_user_changelist": ["team", "is_active__exact", "tokens", "queries__id"],
    "admin:accounts_analysttoken_changelist": ["status", "user__id__exact", "form_id", "replaces"],
    "admin:accounts_accesspolicy_changelist": ["people"],
    "admin:accounts_team_changelist": ["people", "memberships"],
}


def addresses() -> list[tuple[str, str]]:
    """Return each page with each of its parameters, and every list with those of all lists."""
    lists = [
        f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        for model in admin.site._registry
    ]
    own = [(name, parameter) for name, parameters in PAGES.items() for parameter in parameters]
    return sorted({*own, *((name, parameter) for name in lists for parameter in LISTS)})


def failures(client: Client) -> list[str]:
    """Return what answered with anything but a page, a way, or a refusal."""
    asked = [(name, word, value) for name, word in addresses() for value in NASTY]
    return [
        f"{reverse(name)}?{word}={value[:40]}"
        for name, word, value in asked
        if client.get(reverse(name), {word: value}).status_code not in (200, 302, 400, 403, 404)
    ]


@pytest.mark.proves("PAGES-NASTY-VALUES")
@pytest.mark.parametrize("name", ["sue", "tess"])
def test_no_value_of_any_parameter_breaks_a_page(
    sue: User, tess: User, alice: User, bob: User, name: str
) -> None:
    for person in (alice, bob):
        ask(person, days_ago(1), touched=(Touch("table", "reporting", "trips"),))
    client = signed_in({"sue": sue, "tess": tess}[name])
    client.raise_request_exception = False
    assert failures(client) == []
