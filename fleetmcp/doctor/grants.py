"""Do the grants still say what the settings and the deny-list say?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.conf import settings

from accounts.denials import denied_columns
from fleetmcp.analytics.denied import DeniedState, denied_state
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.doctor.lines import Line, fail, listed, ok, warn
from fleetmcp.doctor.sessions import answers, with_engine

_AGAIN = "Run scripts/analytics_ro_role.sql again, with every schema and owner in its variables."


def schemas() -> Iterator[Line]:
    """Every schema of ANALYTICS_SCHEMAS is there and open."""
    found = dict(answers(_SCHEMAS, [list(settings.ANALYTICS_SCHEMAS)]))
    for schema in settings.ANALYTICS_SCHEMAS:
        if schema not in found:
            yield fail(
                f"There is no schema {schema}.", "Correct ANALYTICS_SCHEMAS or DATABASE_URL."
            )
        elif not found[schema]:
            yield fail(f"The role may not use schema {schema}.", _AGAIN)
    if all(found.get(schema) for schema in settings.ANALYTICS_SCHEMAS):
        yield ok(f"Schemas: {', '.join(settings.ANALYTICS_SCHEMAS)}.")


_SCHEMAS = """
SELECT nspname::text, pg_catalog.has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace
WHERE nspname = ANY (%s)
"""


def relations() -> Iterator[Line]:
    """No table of those schemas is closed: new ones of a forgotten owner would be."""
    closed = [name for (name,) in answers(_CLOSED, [list(settings.ANALYTICS_SCHEMAS)])]
    if closed:
        yield warn(f"Not readable: {listed(closed)}.", _AGAIN)
    else:
        yield ok("Every table and view of these schemas is readable.")


_CLOSED = """
SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND NOT pg_catalog.has_any_column_privilege(c.oid, 'SELECT') ORDER BY 1
"""


def future() -> Iterator[Line]:
    """What each owner makes next will be readable by itself."""
    missing = [f"{owner} in {place}" for owner, place in _owners_without_default()]
    if missing:
        yield warn(f"New tables will not be readable: those of {listed(missing)}.", _AGAIN)
    else:
        yield ok("New tables and views of every owner will be readable by themselves.")


def _owners_without_default() -> list[tuple[str, str]]:
    return [(owner, place) for owner, place in answers(_NO_DEFAULT, [settings.ANALYTICS_SCHEMAS])]


_NO_DEFAULT = """
SELECT DISTINCT pg_catalog.pg_get_userbyid(c.relowner)::text, n.nspname::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_default_acl d, pg_catalog.aclexplode(d.defaclacl) acl
  JOIN pg_catalog.pg_roles r ON r.oid = acl.grantee AND r.rolname = current_user
  WHERE d.defaclrole = c.relowner AND d.defaclnamespace IN (n.oid, 0)
    AND d.defaclobjtype = 'r' AND acl.privilege_type = 'SELECT')
ORDER BY 1, 2
"""


def others() -> Iterator[Line]:
    """Nothing can be read outside of those schemas, for the guard would be alone in hiding it."""
    known = ["information_schema", "public", *settings.ANALYTICS_SCHEMAS]
    found = [name for (name,) in answers(_OTHERS, [known])]
    if found:
        yield warn(
            f"The role can read outside of ANALYTICS_SCHEMAS: {listed(found)}.",
            "Add the schema to ANALYTICS_SCHEMAS, or run scripts/analytics_ro_role.sql again.",
        )
    else:
        yield ok("Nothing outside of these schemas is readable.")


_OTHERS = """
SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname <> ALL (%s) AND n.nspname !~ '^(pg_|_timescaledb|timescaledb_)'
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') ORDER BY 1
"""


def personal_data() -> Iterator[Line]:
    """The columns of the deny-list are closed in the database, in every partition."""
    columns = denied_columns()
    state = with_engine(partial(_state, columns))
    apply = "Have the DBA run what `manage.py role_sql` prints."
    if state.readable:
        yield fail(f"Denied columns are readable: {listed(state.readable)}.", apply)
    if state.missing:
        yield warn(
            f"Denied columns do not exist: {listed(state.missing)}.", "Correct the deny-list."
        )
    if not state.readable:
        yield ok(f"{len(columns)} denied columns, none of them readable.")


def _state(columns: tuple[tuple[str, str, str], ...], ticket: Ticket) -> DeniedState:
    return denied_state(columns, ticket)


def unlisted() -> Iterator[Line]:
    """Single columns are closed only because the deny-list says so."""
    listed_columns = {".".join(column) for column in denied_columns()}
    found = [
        name
        for (name,) in answers(_PARTLY, [list(settings.ANALYTICS_SCHEMAS)])
        if name not in listed_columns
    ]
    if found:
        yield warn(
            f"Closed, though on no deny-list: {listed(found)}.",
            "A column added to a table with denied columns stays closed until the DBA runs what "
            "`manage.py role_sql` prints.",
        )


_PARTLY = """
SELECT n.nspname || '.' || c.relname || '.' || a.attname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
  AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') ORDER BY 1
"""
