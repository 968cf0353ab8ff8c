"""Each system check, once content and once not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.core.checks import ERROR, WARNING, CheckMessage, run_checks
from django.test import override_settings

from fleetmcp import checks

Check = Callable[..., Sequence[CheckMessage]]


def with_engine(engine: str) -> dict[str, Any]:
    """Return the settings of an analytics alias with that engine."""
    return {"DATABASES": {"analytics_ro": {"ENGINE": f"django.db.backends.{engine}"}}}


@pytest.mark.proves("CHECK-CLEAN")
@pytest.mark.parametrize(
    ("check", "good"),
    [
        (checks.check_analytics_alias, with_engine("postgresql")),
        (checks.check_schemas, {"ANALYTICS_SCHEMAS": ["reporting", "tracksolid", "pgdata"]}),
        (checks.check_unsafe_role, {"ANALYTICS_ALLOW_UNSAFE_ROLE": False}),
        (checks.check_debug, {"DEBUG": False}),
    ],
)
@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES:UserWarning")
def test_check_is_content_with_a_good_setting(check: Check, good: dict[str, Any]) -> None:
    with override_settings(**good):
        assert check() == []


@pytest.mark.proves("CHECK-E001", "CHECK-E002", "CHECK-W001", "CHECK-W002")
@pytest.mark.parametrize(
    ("bad", "level", "ident"),
    [
        (with_engine("dummy"), ERROR, "fleetmcp.E001"),
        (with_engine("sqlite3"), ERROR, "fleetmcp.E001"),
        *(({"ANALYTICS_SCHEMAS": schemas}, ERROR, "fleetmcp.E002")
          for schemas in ([], ["pg_catalog"], ["reporting", "pg_toast"], ["information_schema"])),
        ({"ANALYTICS_ALLOW_UNSAFE_ROLE": True}, WARNING, "fleetmcp.W001"),
        ({"DEBUG": True}, WARNING, "fleetmcp.W002"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES:UserWarning")
def test_bad_setting_is_told_once_with_id_and_hint(
    bad: dict[str, Any], level: int, ident: str
) -> None:
    with override_settings(**bad):
        found = [message for message in run_checks() if str(message.id).startswith("fleetmcp.")]
    assert [message.id for message in found] == [ident]
    assert found[0].level == level
    assert found[0].hint
