"""Each check of the app database, the record, tokens and secrets finds what is wrong."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AnalystToken, User
from audit.models import Outcome, QueryLog, Seal
from fleetmcp.doctor import app, configuration, keys, record, tokens
from tests.doctor.conftest import Check, assert_content, said

LONG = "kWq3vT8xLm2RzYp7Nd5Hs9Bc4Fg6Jt1Ae0Uo-_XiCy"
GOOD: list[Check] = [
    app.kind, app.writable, app.durable, app.private, app.space, app.migrated,
    record.append_only, record.sealed, record.left_behind, tokens.hygiene,
    keys.secret_key, keys.passwords, keys.files, keys.debug, configuration.system_checks,
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private SQLite file that the checks take for the app database."""
    path = tmp_path / "app.sqlite3"
    sqlite3.connect(path).execute("CREATE TABLE t (i)").connection.close()
    path.chmod(0o600)
    monkeypatch.setattr(app, "_in_memory", lambda: False)
    monkeypatch.setattr(app, "_file", lambda: path)
    return path


@pytest.mark.proves("DOCTOR-APP")
@pytest.mark.parametrize("check", GOOD, ids=lambda check: f"{check.__module__}.{check.__name__}")
def test_check_is_content_with_a_good_installation(
    db: None, settings: Settings, check: Check
) -> None:
    settings.SECRET_KEY = LONG
    settings.DATABASES["analytics_ro"]["PASSWORD"] = LONG
    assert_content(check)


@pytest.mark.proves("DOCTOR-APP")
def test_file_that_is_away_or_no_database_can_not_be_written(db: None, file: Path) -> None:
    assert_content(app.writable)
    file.write_bytes(b"not a database at all" * 100)
    assert "fail: The app database can't be written" in said(app.writable)
    file.unlink()
    assert "fail: The app database can't be written" in said(app.writable)
    assert not file.exists()


@pytest.mark.proves("DOCTOR-APP")
def test_file_that_others_may_read_is_found(db: None, file: Path) -> None:
    assert_content(app.private)
    file.chmod(0o644)
    file.parent.chmod(0o755)
    assert "warn: Other accounts of this host may read" in said(app.private)
    file.parent.chmod(0o700)
    assert_content(app.private)


@pytest.mark.proves("DOCTOR-APP")
@pytest.mark.parametrize(
    ("journal", "synchronous", "levels"),
    [("wal", 2, ["ok"]), ("delete", 2, ["fail"]), ("wal", 1, ["fail"]), ("off", 0, ["fail"] * 2)],
)
def test_durability_is_judged(journal: str, synchronous: int, levels: list[str]) -> None:
    assert [line.level for line in app.judged_durability(journal, synchronous)] == levels


@pytest.mark.proves("DOCTOR-APP")
@pytest.mark.parametrize(("free", "level"), [(199, "fail"), (999, "warn"), (1001, "ok")])
def test_free_space_is_judged(db: None, file: Path, free: int, level: str) -> None:
    assert app.judged_space(free * app.MB).level == level
    assert "MB are free" in said(app.space)


@pytest.mark.proves("DOCTOR-APP")
def test_missing_and_unknown_migrations_are_found(db: None) -> None:
    [(app_label, name)] = MigrationLoader(connection).graph.leaf_nodes("audit")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'audit' AND name = %s", [name])
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('accounts', '0999_from_the_future', CURRENT_TIMESTAMP)"
        )
    text = said(app.migrated)
    assert f"fail: Migrations are missing: {app_label}.{name}" in text
    assert "fail: The app database is newer than this version: accounts.0999" in text


def call(alice: User, hours: float, outcome: Outcome) -> QueryLog:
    """Return a call of alice's that began so many hours ago."""
    token = AnalystToken.objects.create(
        user=alice, label="x", prefix="x", digest=f"{hours}{outcome}", expires_at=timezone.now()
    )
    moment = timezone.now() - timedelta(hours=hours)
    # Written with its time and end: the record lets nobody change them afterwards.
    with patch("django.utils.timezone.now", return_value=moment):
        return QueryLog.objects.create(
            user=alice, token=token, tool="query", arguments="{}", outcome=outcome
        )


@pytest.mark.proves("DOCTOR-APP")
def test_call_that_never_ended_is_found(alice: User) -> None:
    call(alice, 0.5, Outcome.RUNNING)
    assert_content(record.left_behind)
    call(alice, 2, Outcome.RUNNING)
    assert "warn: 1 calls never ended" in said(record.left_behind)


@pytest.mark.proves("DOCTOR-APP")
def test_old_calls_without_a_seal_are_found(alice: User) -> None:
    call(alice, 2, Outcome.OK)
    assert_content(record.sealed)
    old = call(alice, 30, Outcome.OK)
    seal = Seal(
        number=1, first_query=1, last_query=old.pk - 1, first_event=1, last_event=0,
        queries=1, events=0, content="c", previous="p", digest="d",
    )  # fmt: skip
    seal.save()
    assert "are not sealed, after seal 1" in said(record.sealed)
    Seal(
        number=2, first_query=old.pk, last_query=old.pk, first_event=1, last_event=0,
        queries=1, events=0, content="c", previous="p", digest="e",
    ).save()  # fmt: skip
    assert_content(record.sealed)


@pytest.mark.proves("DOCTOR-APP")
@pytest.mark.parametrize(
    ("days", "active", "found"),
    [
        ((1, None, 30), True, "ok: 1 tokens"),
        ((100, 1, 30), True, "ok: 1 tokens"),
        ((100, None, 30), True, "warn: These tokens were not used for 90 days: alice/laptop"),
        ((200, 100, 30), True, "warn: These tokens were not used for 90 days: alice/laptop"),
        ((1, 1, 1000), True, "warn: These tokens expire in more than two years: alice/laptop"),
        ((1, 1, 30), False, "warn: These people are inactive, and their tokens"),
        ((50, None, -1), True, "warn: These tokens expired without ever having been used"),
        ((50, 20, -1), True, "ok: 0 tokens"),
    ],
)
def test_token_that_should_open_no_door_is_found(
    alice: User, days: tuple[int, int | None, int], active: bool, found: str
) -> None:
    created, used, expires = days
    now = timezone.now()
    AnalystToken.objects.create(
        user=alice, label="laptop", prefix="x", digest="x",
        created_at=now - timedelta(days=created),
        last_used_at=now - timedelta(days=used) if used else None,
        expires_at=now + timedelta(days=expires),
    )  # fmt: skip
    User.objects.filter(pk=alice.pk).update(is_active=active)
    assert found in said(tokens.hygiene)


@pytest.mark.proves("DOCTOR-APP")
@pytest.mark.parametrize("key", ["test-only-" + LONG, "a" * 60, LONG[:32], f"change-me-{LONG}"])
def test_weak_key_is_found_and_not_shown(settings: Settings, key: str) -> None:
    settings.SECRET_KEY = key
    assert said(keys.secret_key).startswith("fail: ")
    assert key not in said(keys.secret_key)


@pytest.mark.proves("DOCTOR-APP")
def test_weak_password_is_found_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for password in ("tiny", "example-example-example"):
        monkeypatch.setitem(django_settings.DATABASES["analytics_ro"], "PASSWORD", password)
        assert "warn: The password in DATABASE_URL" in said(keys.passwords)
        assert password not in said(keys.passwords)


@pytest.mark.proves("DOCTOR-APP")
def test_file_with_a_secret_that_others_read_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "key"
    secret.write_text("x")
    monkeypatch.setenv("SECRET_KEY_FILE", str(secret))
    tmp_path.chmod(0o755)
    secret.chmod(0o644)
    assert "warn: The file of SECRET_KEY_FILE can be read" in said(keys.files)
    secret.chmod(0o600)
    assert_content(keys.files)
    secret.chmod(0o620)
    assert "warn: The file of SECRET_KEY_FILE can be read" in said(keys.files)


@pytest.mark.proves("DOCTOR-APP")
def test_debug_and_what_djangos_checks_find_are_told(settings: Settings) -> None:
    settings.DEBUG = True
    assert "fail: DEBUG is on" in said(keys.debug)
    assert "warn: fleetmcp.W002: DEBUG is on. Unset DEBUG." in said(configuration.system_checks)
    settings.ANALYTICS_SCHEMAS = []
    assert "fail: fleetmcp.E002" in said(configuration.system_checks)


@pytest.mark.proves("DOCTOR-APP")
def test_record_without_its_triggers_is_found(db: None) -> None:
    triggers = pytest.importorskip("audit.triggers")
    assert_content(record.append_only)
    triggers.drop_triggers(using="default")
    assert "fail: Triggers are missing or changed" in said(record.append_only)


@pytest.mark.proves("DOCTOR-APP")
def test_broken_chain_is_found_and_a_whole_one_is_told(alice: User) -> None:
    sealing = pytest.importorskip("audit.seals")
    call(alice, 1, Outcome.OK)
    sealing.seal_audit()
    assert_content(record.chained)
    assert "1 seals continue each other" in said(record.chained)
    last = Seal.objects.get()
    Seal(
        number=3, first_query=last.last_query + 1, last_query=last.last_query,
        first_event=last.last_event + 1, last_event=last.last_event,
        queries=0, events=0, content="c", previous="p", digest="d",
    ).save()  # fmt: skip
    assert "fail: The chain of seals is broken" in said(record.chained)
