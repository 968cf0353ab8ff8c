"""Apply the real role script, scripts/analytics_ro_role.sql, through psql."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.demo_db.cluster import NO_SETTINGS

ROLE = "analytics_ro"
SCRIPT = Path(__file__).resolve().parent.parent / "analytics_ro_role.sql"


class RoleError(RuntimeError):
    """The script refused; the text is its own sentence."""


def apply_role(
    psql: Path,
    dsn: str,
    password: str | None,
    variables: Mapping[str, str] = NO_SETTINGS,
) -> str:
    """Make or renew analytics_ro in the database of a superuser's `dsn`; the script's report.

    The password and the variables go in on stdin: a command line can be seen by everybody.
    """
    given = {**variables, "password": password} if password is not None else dict(variables)
    settings = "".join(f"\\set {name} {_quoted(value)}\n" for name, value in given.items())
    done = subprocess.run(
        [psql, "-X", "-q", "-d", dsn, "-v", "ON_ERROR_STOP=1"],
        input=f"{settings}\\i {_quoted(str(SCRIPT))}\n",
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PGAPPNAME": "analytics_ro_role.sql"},
    )
    if done.returncode != 0:
        raise RoleError(done.stderr.strip())
    return (done.stdout + done.stderr).strip()


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
