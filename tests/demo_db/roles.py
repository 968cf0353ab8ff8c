"""The people of the role tests: analyst, owner and superuser, and the script between them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg2
from psycopg2 import extensions

from scripts.demo_db import Cluster, apply_role
from scripts.demo_db.cluster import NO_SETTINGS
from scripts.demo_db.load import DATABASE
from scripts.demo_db.session import session

PASSWORD = "correct-horse-battery-staple-1"


def renew(
    cluster: Cluster,
    password: str | None = PASSWORD,
    variables: Mapping[str, str] = NO_SETTINGS,
    dbname: str = DATABASE,
) -> str:
    return apply_role(cluster.bin_dir / "psql", cluster.superuser_dsn(dbname), password, variables)


@contextmanager
def analyst(
    cluster: Cluster, password: str = PASSWORD, user: str = "analytics_ro"
) -> Iterator[extensions.cursor]:
    connection = psycopg2.connect(
        host="127.0.0.1", port=cluster.port, user=user, password=password, dbname=DATABASE
    )
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@contextmanager
def owner(cluster: Cluster, role: str = "tracksolid_owner") -> Iterator[extensions.cursor]:
    with session(cluster, DATABASE) as cursor:
        cursor.execute(f"SET ROLE {role}")
        yield cursor


def superuser(cluster: Cluster, statement: str) -> list[tuple[object, ...]]:
    with session(cluster, DATABASE) as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def privileges(cluster: Cluster) -> list[tuple[object, ...]]:
    """Everything that the script leaves behind, except the password."""
    return superuser(
        cluster,
        "SELECT 'relation', oid::regclass::text, relacl::text FROM pg_class"
        "  WHERE relacl IS NOT NULL"
        " UNION ALL SELECT 'function', oid::regprocedure::text, proacl::text FROM pg_proc"
        "  WHERE proacl IS NOT NULL"
        " UNION ALL SELECT 'schema', nspname::text, nspacl::text FROM pg_namespace"
        "  WHERE nspname !~ '^pg_(toast_)?temp'"
        " UNION ALL SELECT 'default', concat_ws(' ', defaclrole, defaclnamespace, defaclobjtype),"
        "  defaclacl::text FROM pg_default_acl"
        " UNION ALL SELECT 'database', datname::text, datacl::text FROM pg_database"
        " UNION ALL SELECT 'setting', setdatabase || ' ' || setrole, setconfig::text"
        "  FROM pg_db_role_setting"
        " UNION ALL SELECT 'role', rolname::text, to_jsonb(r)::text FROM pg_roles r ORDER BY 1, 2",
    )
