"""The deny-list as what a DBA runs: only a GRANT that is not there keeps a column closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from django.conf import settings

from accounts.models import DeniedColumn

_BODY = resources.files("accounts") / "sql" / "close_columns.sql"
_ROLE_SCRIPT = Path("scripts") / "analytics_ro_role.sql"

_HEAD = """\
-- What analytics_ro must not read, from fleetmcp's deny-list. Run by a superuser, with psql:
--
--     python manage.py role_sql | psql -X -q -U postgres -d tracksolid_db
--
-- One transaction; run it again at any time: it ends in the same state. It needs and changes no
-- password. The list is the whole truth: a column of the readable schemas that was closed by hand
-- and is not listed here opens again. Run it again after a listed table was made anew, and after
-- a column was added to one (a new column stays closed until then).

\\set ON_ERROR_STOP on
\\set QUIET on
\\set AUTOCOMMIT on
\\set VERBOSITY terse
\\pset pager off

BEGIN;
SET LOCAL standard_conforming_strings = on;
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = '10s';
SET LOCAL search_path = pg_catalog, pg_temp;

-- Takes turns with analytics_ro_role.sql.
SELECT pg_advisory_xact_lock(727203) \\g /dev/null

CREATE TEMP TABLE readable (nspname text) ON COMMIT DROP;
CREATE TEMP TABLE denied (nspname text, relname text, attname text) ON COMMIT DROP;
"""

_FULL_HEAD = """\
-- scripts/analytics_ro_role.sql with fleetmcp's schemas and deny-list set; the password is yours.
-- Run by a superuser, with psql; the password on stdin, for a command line can be seen by all:
--
--     { printf "\\\\set password '%s'\\n" "$PW"; python manage.py role_sql --full; } |
--         psql -X -q -U postgres -d tracksolid_db
--
-- It sets that password. To close or open columns only, leave --full away.

"""


def columns_script(denied: Iterable[DeniedColumn], schemas: Sequence[str]) -> str:
    """Return the script that closes these columns of the readable schemas, and opens all others."""
    served = [one for one in denied if one.schema in schemas]
    rows = [_insert("readable", schema) for schema in schemas]
    for one in served:
        rows.append(f"{_insert('denied', one.schema, one.table, one.column)} -- {one.reason}")
    return "\n".join([_HEAD, *rows, _BODY.read_text(encoding="utf-8")])


def full_script(denied: Iterable[DeniedColumn], schemas: Sequence[str]) -> str:
    """Return the role's script with these columns and schemas given, and no password."""
    columns = ",".join(str(one) for one in denied if one.schema in schemas)
    given = {"schemas": ",".join(schemas), "denied": columns}
    lines = [f"\\set {name} {psql_quoted(value)}\n" for name, value in given.items()]
    script = (settings.BASE_DIR / _ROLE_SCRIPT).read_text(encoding="utf-8")
    return "".join([_FULL_HEAD, *lines, "\n", script])


def literal(text: str) -> str:
    """Return the text as a string of SQL, for standard_conforming_strings."""
    return "'" + text.replace("'", "''") + "'"


def psql_quoted(text: str) -> str:
    r"""Return the text as psql's \set reads it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _insert(table: str, *values: str) -> str:
    return " ".join(["INSERT INTO", table, "VALUES", f"({', '.join(map(literal, values))});"])
