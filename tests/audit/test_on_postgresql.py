"""The auditor's pages over a record on PostgreSQL: the same tests, in a run of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from scripts.demo_db import LocalDatabase
from tests.audit.sealed import ROOT
from tests.database import execute

PAGES = (
    "test_audit_admin",
    "test_audit_admin_filters",
    "test_audit_admin_row",
    "test_audit_admin_visible",
    "test_other_teams",
    "test_pruned",
    "test_usage_links",
    "test_usage_page",
)
EXPORTS = (
    "test_export_is_for_those_with_the_right_to_it",
    "test_lead_who_is_given_the_right_exports_their_team_alone",
    "test_export_holds_what_the_lists_filter_shows",
    "test_each_list_leads_to_the_export_of_what_it_shows",
    "test_last_line_says_that_the_file_is_complete",
    "test_json_lines_hold_each_row_as_it_is_sealed",
    "test_export_is_an_event_with_filter_format_and_rows",
)


@pytest.fixture
def app_dsn(fleet: LocalDatabase) -> Iterator[str]:
    """A role in the fleet's cluster that may make the test run's database."""
    execute(fleet.superuser_dsn, "CREATE ROLE pages LOGIN PASSWORD 'app-password' CREATEDB")
    execute(fleet.superuser_dsn, "CREATE DATABASE pages OWNER pages")
    yield re.sub(r"//[^@]+@(.*)/.*", r"//pages:app-password@\1/pages", fleet.analytics_dsn)
    execute(fleet.superuser_dsn, "DROP DATABASE IF EXISTS test_pages WITH (FORCE)")
    execute(fleet.superuser_dsn, "DROP DATABASE pages WITH (FORCE)")
    execute(fleet.superuser_dsn, "DROP ROLE pages")


@pytest.mark.timeout(500)
@pytest.mark.proves("AUDIT-ON-POSTGRESQL")
def test_lists_filters_rows_usage_and_exports_are_the_same_on_postgresql(app_dsn: str) -> None:
    wanted = [f"tests/audit/{name}.py" for name in PAGES]
    wanted += [f"tests/audit/test_export.py::{name}" for name in EXPORTS]
    plain = ("-q", "--show-capture=no", "-p", "no:cacheprovider", "-p", "no:xdist")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, "-p", "tests.audit.on_postgresql", *wanted],
        cwd=ROOT,
        env={**os.environ, "APP_DATABASE_ON": app_dsn},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-2_000:]
    assert re.search(r"\b[1-9]\d\d passed", done.stdout), done.stdout[-500:]
