"""The guide is true: its commands run as they stand, or say that they need the host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from scripts import env_example, guide
from scripts.demo_db import LocalDatabase
from scripts.demo_db.postmaster import recorded
from tests.database import execute
from tests.environment import SETTINGS

ROOT = Path(__file__).resolve().parent.parent
TEXT = guide.SOURCE.read_text()
BLOCK = re.compile(r"(?:<!-- (host|tested: \S+) -->\n)?```sh\n(.*?)\n```", re.DOTALL)
BLOCKS = BLOCK.findall(TEXT)
ME = "tests/test_guide.py::"
PASSWORD = "correct-horse-battery-staple-3"
# Not there yet in every version of the record.
COMING = {"verify_audit"} - set(get_commands())


def block(test: str) -> str:
    """Return the commands that name this test."""
    [found] = [commands for mark, commands in BLOCKS if mark == f"tested: {ME}{test}"]
    return str(found)


@pytest.fixture
def environ(fleet: LocalDatabase, tmp_path: Path) -> dict[str, str]:
    """A shell in which `python`, `psql` and the app database are those of the test run."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(sys.executable)
    (programs / "python").unlink()
    (programs / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (programs / "python").chmod(0o755)
    known = recorded(fleet.cluster.data)
    assert known is not None
    found = {**os.environ, **SETTINGS, "DATABASE_URL": fleet.analytics_dsn}
    found |= {
        "PATH": f"{programs}:{fleet.cluster.bin_dir}:{os.environ['PATH']}",
        "PGHOST": str(known.socket_dir), "PGPORT": str(known.port), "PW": PASSWORD,
        "APP_DB_FILE": str(tmp_path / "app.sqlite3"), "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        "DJANGO_SUPERUSER_USERNAME": "sue", "DJANGO_SUPERUSER_EMAIL": "sue@example.com",
    }  # fmt: skip
    return found


def shell(environ: dict[str, str], commands: str) -> str:
    """Run commands of the guide; return all that they print."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=ROOT, env=environ, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.proves("GUIDE-COMMANDS")
def test_every_block_says_how_it_is_known_to_work() -> None:
    assert len(BLOCKS) > 10
    for mark, commands in BLOCKS:
        assert mark, commands
        if mark != "host":
            path, _, name = mark.removeprefix("tested: ").partition("::")
            assert f"def {name}(" in (ROOT / path).read_text() or not name, mark


@pytest.mark.proves("GUIDE-COMMANDS")
def test_every_management_command_exists_with_its_options() -> None:
    known = get_commands()
    for name, words in re.findall(r"manage\.py (\w+)([^`|\n]*)", TEXT):
        if name in COMING:
            continue
        command = load_command_class(known[name], name)
        parser = command.create_parser("manage.py", name)
        for option in re.findall(r"--[a-z-]+", words):
            assert option in parser._option_string_actions, f"{name} {option}"


@pytest.mark.proves("GUIDE-COMMANDS")
def test_every_script_and_setting_named_exists() -> None:
    for script in re.findall(r"scripts/[\w.]+\w", TEXT):
        assert (ROOT / script).exists(), script
    known = (ROOT / ".env.example").read_text() + (ROOT / "scripts" / "deploy.sh").read_text()
    known += (ROOT / "scripts" / "bootstrap_analytics_ro.sh").read_text()
    for setting in re.findall(r"`([A-Z]+_[A-Z_]+)(?:=\w+)?`", TEXT):
        assert setting in known, setting


@pytest.mark.proves("GUIDE-COMMANDS")
def test_role_is_made_with_psql_alone(fleet: LocalDatabase, environ: dict[str, str]) -> None:
    [before] = execute(fleet.superuser_dsn, "SELECT rolpassword FROM pg_authid WHERE rolname ="
                       " 'analytics_ro'")  # fmt: skip
    try:
        said = shell(environ, block("test_role_is_made_with_psql_alone"))
        assert "analytics_ro is ready in tracksolid_db" in said
    finally:
        execute(fleet.superuser_dsn, f"ALTER ROLE analytics_ro PASSWORD '{before[0]}'")


@pytest.mark.proves("GUIDE-COMMANDS")
def test_first_people_get_in(environ: dict[str, str]) -> None:
    shell(environ, "python manage.py migrate_in_turn")
    commands = block("test_first_people_get_in")
    said = shell(environ, commands.replace("createsuperuser", "createsuperuser --no-input"))
    assert "Superuser created successfully" in said
    assert "claude mcp add" in said


@pytest.mark.proves("GUIDE-COMMANDS")
def test_token_is_listed_and_revoked(environ: dict[str, str]) -> None:
    shell(environ, "python manage.py migrate_in_turn")
    shell(environ, "python manage.py issue_token alice --label laptop --create-user")
    commands = block("test_token_is_listed_and_revoked")
    listing, revoking = commands.splitlines()
    [prefix] = re.findall(r"fmcp_\w+", shell(environ, listing))
    shell(environ, revoking.replace("fmcp_abcd", prefix))
    assert "revoked" in shell(environ, listing)


@pytest.mark.proves("GUIDE-COMMANDS")
def test_columns_are_closed(environ: dict[str, str]) -> None:
    shell(environ, "python manage.py migrate_in_turn")
    assert "no column is denied" in shell(environ, block("test_columns_are_closed"))


@pytest.mark.proves("GUIDE-COMMANDS")
def test_app_database_is_dumped(
    fleet: LocalDatabase, environ: dict[str, str], tmp_path: Path
) -> None:
    execute(fleet.superuser_dsn, "CREATE DATABASE guide_app")
    try:
        environ["APP_DATABASE_URL"] = fleet.superuser_dsn.replace("/tracksolid_db", "/guide_app")
        shell(environ, "python manage.py migrate_in_turn")
        commands = block("test_app_database_is_dumped")
        dump = str(tmp_path / "fleetmcp.dump")
        shell(environ, commands.replace("fleetmcp.dump", dump))
        [restoring] = re.findall(r"pg_restore[^`]+", TEXT)
        shell(environ, restoring.replace("\n", " ").replace("fleetmcp.dump", dump))
        shell(environ, "python manage.py migrate --check")
    finally:
        execute(fleet.superuser_dsn, "DROP DATABASE guide_app WITH (FORCE)")


@pytest.mark.proves("GUIDE-COMMANDS")
def test_restored_database_is_checked(environ: dict[str, str]) -> None:
    environ["SECRET_KEY"] = "kWq3vT8xLm2RzYp7Nd5Hs9Bc4Fg6Jt1Ae0Uo-_XiCy"
    lines = block("test_restored_database_is_checked").splitlines()
    said = shell(environ, "\n".join(line for line in lines if line.split()[-1] not in COMING))
    assert "0 failures" in said


@pytest.mark.proves("GUIDE-HTML")
def test_html_is_made_from_the_markdown() -> None:
    assert guide.TARGET.read_text() == guide.page(TEXT)
    assert "<script" not in guide.TARGET.read_text()


@pytest.mark.proves("GUIDE-HTML")
def test_drawing_is_wellformed_and_described() -> None:
    from xml.etree import ElementTree

    root = ElementTree.fromstring((guide.DOCS / "architecture.svg").read_text())
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert {"title", "desc"} <= names
    assert "script" not in names


@pytest.mark.proves("ENV-EXAMPLE")
def test_env_example_is_what_the_readme_says_and_holds_no_secret() -> None:
    text = (ROOT / ".env.example").read_text()
    assert text == env_example.example((ROOT / "README.md").read_text())
    code = (ROOT / "fleetmcp" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', code))
    assert read <= set(re.findall(r"^#? ?([A-Z_]+)=", text, re.MULTILINE))
    for secret in ("SECRET_KEY", "DATABASE_URL", "APP_DATABASE_URL"):
        assert f"\n# {secret}=\n" in text


@pytest.mark.proves("ENV-EXAMPLE")
def test_env_example_names_all_that_compose_reads() -> None:
    text = (ROOT / ".env.example").read_text()
    compose = (ROOT / "compose.yaml").read_text()
    for name, default in re.findall(r"\$\{([A-Z_]+)(?::-([^}$]*))?", compose):
        found = re.search(rf"^#? ?{name}=(.*)$", text, re.MULTILINE)
        assert found, name
        if default and name not in ("TRUSTED_PROXIES", "PUBLIC_URL"):
            assert found[1] == default, name
