"""What analytics_ro may and may not do once scripts/analytics_ro_role.sql has run."""

import pytest
from psycopg2 import errors

from scripts.demo_db import Cluster, RoleError
from scripts.demo_db.load import DATABASE
from tests.demo_db.roles import analyst, owner, privileges, renew, superuser


@pytest.fixture
def cluster(talkative_cluster: Cluster) -> Cluster:
    return talkative_cluster


@pytest.fixture(autouse=True)
def role(cluster: Cluster) -> str:
    return renew(cluster)


@pytest.mark.proves("ROLE-READS")
def test_every_table_view_and_materialized_view_can_be_read(cluster: Cluster, role: str) -> None:
    names = superuser(
        cluster,
        "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'v', 'm')"
        " AND relnamespace IN ('tracksolid'::regnamespace, 'reporting'::regnamespace)",
    )
    assert len(names) == 16
    with analyst(cluster) as cursor:
        for (name,) in names:
            cursor.execute(f"SELECT count(*) FROM {name}")
    assert "16 relations and 3 functions readable in reporting, tracksolid" in role


@pytest.mark.proves("ROLE-READS")
def test_functions_of_reporting_can_be_called(cluster: Cluster) -> None:
    with analyst(cluster) as cursor:
        cursor.execute("SELECT count(*) FROM reporting.fn_live_positions()")
        assert cursor.fetchone() == (14,)


@pytest.mark.proves("ROLE-WRITES-NOTHING")
@pytest.mark.parametrize(
    "write",
    [
        "INSERT INTO reporting.refresh_log (refreshed_at, object_name, duration_ms)"
        " VALUES (now(), 'x', 1)",
        "UPDATE reporting.refresh_log SET notes = 'x'",
        "DELETE FROM tracksolid.alarms",
        "TRUNCATE tracksolid.alarms",
        "SELECT FROM tracksolid.alarms FOR UPDATE",
        "CREATE TABLE x (i int)",
        "CREATE TABLE reporting.x (i int)",
        "CREATE TEMP TABLE x (i int)",
        "CREATE SCHEMA x",
        "CREATE VIEW tracksolid.x AS SELECT 1",
        "REFRESH MATERIALIZED VIEW reporting.v_trips",
        "DROP TABLE tracksolid.alarms",
        "ALTER ROLE analytics_ro CREATEDB",
        "CREATE ROLE x",
        "CREATE DATABASE x",
        "COPY tracksolid.alarms TO PROGRAM 'true'",
        "COPY tracksolid.alarms FROM STDIN",
        "SET ROLE tracksolid_owner",
        "ALTER ROLE analytics_ro IN DATABASE tracksolid_db SET temp_file_limit = -1",
    ],
)
def test_grants_alone_refuse_every_write(cluster: Cluster, write: str) -> None:
    with analyst(cluster) as cursor:
        cursor.execute("SET default_transaction_read_only = off")
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(write)


@pytest.mark.proves("ROLE-READ-ONLY-SETTING")
def test_setting_of_the_role_alone_refuses_a_write(cluster: Cluster) -> None:
    superuser(cluster, "GRANT ALL ON reporting.refresh_log TO analytics_ro")
    with analyst(cluster) as cursor, pytest.raises(errors.ReadOnlySqlTransaction):
        cursor.execute("UPDATE reporting.refresh_log SET notes = 'x'")


@pytest.mark.proves("ROLE-LIMITS")
def test_new_connection_has_the_limits(cluster: Cluster) -> None:
    # What one database says of the role would win over the role's own settings.
    superuser(cluster, f"ALTER ROLE analytics_ro IN DATABASE {DATABASE} SET statement_timeout = 0")
    renew(cluster, variables={"connection_limit": "7"})
    names = "default_transaction_read_only statement_timeout idle_in_transaction_session_timeout"
    with analyst(cluster) as cursor:
        cursor.execute(
            "SELECT array_agg(current_setting(name) ORDER BY n)"
            " FROM unnest(%s) WITH ORDINALITY AS s(name, n)",
            [[*names.split(), "lock_timeout", "temp_file_limit"]],
        )
        assert cursor.fetchone() == (["on", "30s", "1min", "5s", "2GB"],)
        cursor.execute("SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (7,)


@pytest.mark.proves("ROLE-ATTRIBUTES")
def test_role_is_stripped_of_what_someone_gave_it(cluster: Cluster) -> None:
    superuser(
        cluster,
        "ALTER ROLE analytics_ro SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS INHERIT;"
        "GRANT tracksolid_owner, pg_write_all_data TO analytics_ro WITH ADMIN OPTION;"
        "GRANT INSERT ON tracksolid.alarms TO analytics_ro;"
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
    )

    renew(cluster)

    assert superuser(
        cluster,
        "SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,"
        " rolinherit, (SELECT count(*) FROM pg_auth_members WHERE member = r.oid),"
        " has_table_privilege(oid, 'tracksolid.alarms', 'INSERT'),"
        " has_schema_privilege(oid, 'public', 'CREATE'),"
        " has_schema_privilege(oid, 'public', 'USAGE')"
        " FROM pg_roles r WHERE rolname = 'analytics_ro'",
    ) == [(True, *[False] * 6, 0, False, False, True)]


@pytest.mark.proves("ROLE-OWNS-NOTHING")
def test_role_that_owns_something_is_refused_and_left_as_it_was(cluster: Cluster) -> None:
    superuser(cluster, "CREATE TABLE public.odd (); ALTER TABLE odd OWNER TO analytics_ro")
    before = privileges(cluster)
    try:
        with pytest.raises(RoleError, match=f"owns objects in: {DATABASE}"):
            renew(cluster, "another-password-entirely")
        assert privileges(cluster) == before
        with analyst(cluster):
            pass
    finally:
        superuser(cluster, "DROP TABLE public.odd")


@pytest.mark.proves("ROLE-PUBLIC")
def test_public_loses_temp_and_create_while_the_owner_keeps_them(cluster: Cluster) -> None:
    superuser(
        cluster,
        "DO $$ BEGIN CREATE ROLE passer_by; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    )
    with owner(cluster, "passer_by") as cursor:
        for refused in ("CREATE TEMP TABLE t (i int)", "CREATE TABLE public.t (i int)"):
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(refused)
    with owner(cluster) as cursor:
        cursor.execute("CREATE TEMP TABLE t (i int)")


@pytest.mark.proves("ROLE-PUBLIC")
def test_table_that_public_may_write_is_refused_by_name(cluster: Cluster) -> None:
    superuser(cluster, "GRANT UPDATE (notes) ON reporting.refresh_log TO PUBLIC")
    try:
        with pytest.raises(RoleError, match=r"PUBLIC may write to reporting\.refresh_log"):
            renew(cluster)
    finally:
        superuser(cluster, "REVOKE UPDATE (notes) ON reporting.refresh_log FROM PUBLIC")


@pytest.mark.proves("ROLE-PUBLIC")
def test_function_with_its_owners_rights_is_pointed_out(cluster: Cluster) -> None:
    with owner(cluster) as cursor:
        cursor.execute(
            "CREATE FUNCTION reporting.sly() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1"
        )
    try:
        assert "owner's rights and PUBLIC may call them: reporting.sly()" in renew(cluster)
    finally:
        superuser(cluster, "DROP FUNCTION reporting.sly()")


@pytest.mark.proves("ROLE-HARDEN")
@pytest.mark.parametrize(
    "side_effect",
    [
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_logical_emit_message(false, 'x', 'x')",
        "SELECT pg_notify('x', 'x')",
        "SELECT pg_sleep(0)",
        "SELECT FROM ts_stat('SELECT to_tsvector(''a'')')",
        "SELECT lo_create(0)",
    ],
)
def test_hardening_takes_side_effects_from_public_and_leaves_them_to_the_owner(
    cluster: Cluster, side_effect: str
) -> None:
    renew(cluster, variables={"harden": "on"})

    with analyst(cluster) as cursor, pytest.raises(errors.InsufficientPrivilege):
        cursor.execute(side_effect)
    with owner(cluster) as cursor:
        cursor.execute(side_effect)
