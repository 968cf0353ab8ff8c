"""The settings as a process of their own sees them: safe by default, silent about values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.environment import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
OURS = ("DEBUG", "PUBLIC_URL", "TRUSTED_PROXIES", "APP_DATABASE_URL", "APP_DATABASE_URL_FILE",
        "SECRET_KEY_FILE", "DATABASE_URL_FILE", "ANALYTICS_SCHEMAS", "LOG_LEVEL",
        "ANALYTICS_ALLOW_UNSAFE_ROLE")  # fmt: skip
Run = Callable[..., "subprocess.CompletedProcess[str]"]
SHOW = """
import json, sys
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}))
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run Python in the project with only the given settings; None unsets one."""

    def python(*words: str, **changed: str | None) -> subprocess.CompletedProcess[str]:
        ambient = {name: value for name, value in os.environ.items() if name not in OURS}
        app_db = {"APP_DB_FILE": str(tmp_path / "app.sqlite3")}
        full = {**ambient, **SETTINGS, **app_db, "PYTHONPATH": str(ROOT), **changed}
        return subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={name: value for name, value in full.items() if value is not None},
            capture_output=True,
            text=True,
            check=False,
        )

    return python


@pytest.fixture
def shown(run: Run) -> Callable[..., dict[str, Any]]:
    """Return the named settings as that environment makes them."""

    def read(*names: str, **changed: str | None) -> dict[str, Any]:
        full = {"DJANGO_SETTINGS_MODULE": "fleetmcp.settings", **changed}
        done = run("-c", SHOW, *names, **full)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return read


@pytest.mark.proves("ENV-SECRET-KEY")
@pytest.mark.parametrize("key", [None, "", "short-one"])
def test_no_or_short_secret_key_ends_in_one_sentence_without_traceback(
    run: Run, key: str | None
) -> None:
    done = run("manage.py", "check", SECRET_KEY=key)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("fleetmcp: Set SECRET_KEY (or SECRET_KEY_FILE)")
    assert done.stderr.count("\n") == 1
    assert "short-one" not in done.stderr


@pytest.mark.proves("ENV-SECRET-KEY")
def test_secret_key_may_come_from_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 50 + "\n")
    done = run("manage.py", "check", SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "key"))
    assert done.returncode == 0, done.stderr


@pytest.mark.proves("CHECK-E001")
def test_missing_database_url_fails_the_check_with_id_and_hint(run: Run) -> None:
    done = run("manage.py", "check", DATABASE_URL=None)
    assert done.returncode != 0
    assert "fleetmcp.E001" in done.stderr
    assert "HINT: Set DATABASE_URL to postgresql://" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.proves("CHECK-CLEAN")
def test_complete_settings_pass_every_check_without_a_warning(run: Run) -> None:
    done = run("manage.py", "check", "--fail-level=WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.proves("ENV-SAFE-DEFAULT")
def test_defaults_are_the_safe_ones(shown: Callable[..., dict[str, Any]]) -> None:
    names = ("DEBUG", "ANALYTICS_ALLOW_UNSAFE_ROLE", "TRUSTED_PROXIES", "SECURE_PROXY_SSL_HEADER")
    hosts = shown(*names, "ALLOWED_HOSTS")
    assert [hosts[name] for name in names] == [False, False, 0, None]
    assert hosts["ALLOWED_HOSTS"] == ["127.0.0.1", "[::1]", "localhost"]


@pytest.mark.proves("ENV-SAFE-DEFAULT")
def test_analytics_alias_is_read_only_whatever_the_dsn_asks_for(
    shown: Callable[..., dict[str, Any]],
) -> None:
    dsn = SETTINGS["DATABASE_URL"] + "?options=-c%20default_transaction_read_only%3Doff"
    options = shown("DATABASES", DATABASE_URL=dsn)["DATABASES"]["analytics_ro"]["OPTIONS"]
    assert "-c default_transaction_read_only=on" in options["options"]
    assert "=off" not in options["options"]


@pytest.mark.proves("ENV-HTTPS")
def test_https_public_url_makes_cookies_secure_and_sends_hsts(
    shown: Callable[..., dict[str, Any]],
) -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY")
    secure = shown(
        *names, "SECURE_HSTS_SECONDS", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS",
        PUBLIC_URL="https://fleetmcp.example.com/",
    )  # fmt: skip
    assert [secure[name] for name in names] == [True, True, True]
    assert secure["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert "fleetmcp.example.com" in secure["ALLOWED_HOSTS"]
    assert secure["CSRF_TRUSTED_ORIGINS"] == ["https://fleetmcp.example.com"]


@pytest.mark.proves("ENV-HTTPS")
def test_http_public_url_sends_no_hsts_and_keeps_cookies_usable(
    shown: Callable[..., dict[str, Any]],
) -> None:
    plain = shown("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS")
    assert list(plain.values()) == [False, False, 0]


@pytest.mark.proves("ENV-SILENT")
@pytest.mark.parametrize(
    "name",
    ["DEBUG", "PUBLIC_URL", "TRUSTED_PROXIES", "APP_DATABASE_URL", "DATABASE_URL",
     "DATABASE_URL_FILE", "SECRET_KEY", "MCP_MAX_ROWS", "ANALYTICS_ALLOW_UNSAFE_ROLE"],
)  # fmt: skip
def test_wrong_value_is_refused_by_name_and_never_printed(run: Run, name: str) -> None:
    done = run("manage.py", "check", **{name: "://hunter2:hunter2@"})
    assert done.returncode == 1
    assert done.stderr.startswith("fleetmcp: ")
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


@pytest.mark.proves("ENV-SILENT")
def test_wrong_setting_ends_the_server_in_one_sentence(run: Run) -> None:
    done = run("-m", "uvicorn", "fleetmcp.asgi:application", "--port=1", SECRET_KEY="short")
    assert done.returncode != 0
    assert "fleetmcp: Set SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.proves("ENV-ORIGIN")
def test_ipv6_public_url_is_an_allowed_host(shown: Callable[..., dict[str, Any]]) -> None:
    settings = shown("ALLOWED_HOSTS", PUBLIC_URL="http://[fd00::7]:8892")
    assert "[fd00::7]" in settings["ALLOWED_HOSTS"]
