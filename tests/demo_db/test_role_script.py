"""scripts/analytics_ro_role.sql as its operator sees it: passwords, variables, refusals."""

import psycopg2
import pytest
from psycopg2 import errors

from scripts.demo_db import Cluster, RoleError, apply_role
from scripts.demo_db.load import DATABASE
from tests.demo_db.roles import PASSWORD, analyst, owner, privileges, renew, superuser


@pytest.fixture
def cluster(talkative_cluster: Cluster) -> Cluster:
    return talkative_cluster


@pytest.fixture(autouse=True)
def role(cluster: Cluster) -> str:
    return renew(cluster)


@pytest.mark.proves("ROLE-IDEMPOTENT")
@pytest.mark.parametrize("variables", [{}, {"harden": "on"}], ids=["plain", "hardened"])
def test_second_run_changes_nothing_but_the_password(
    cluster: Cluster, variables: dict[str, str]
) -> None:
    renew(cluster, variables=variables)
    before = privileges(cluster)

    renew(cluster, "another-password-entirely", variables)

    assert privileges(cluster) == before
    with analyst(cluster, "another-password-entirely"):
        pass
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"), analyst(cluster):
        pass


@pytest.mark.proves("ROLE-PASSWORD")
def test_password_is_stored_as_scram_and_appears_in_no_log(cluster: Cluster, role: str) -> None:
    stored = superuser(
        cluster, "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolcanlogin"
        " AND rolname = 'analytics_ro'"
    )  # fmt: skip
    superuser(cluster, "ALTER TABLE tracksolid.alarms ENABLE ROW LEVEL SECURITY")
    superuser(cluster, "ALTER TABLE tracksolid.alarms DISABLE ROW LEVEL SECURITY")

    log = cluster.log_file.read_text()

    assert stored == [(True,)]
    assert "ENABLE ROW LEVEL SECURITY" in log, "the server must log statements for this test"
    assert PASSWORD not in log
    assert PASSWORD not in role


@pytest.mark.proves("ROLE-PASSWORD")
@pytest.mark.parametrize(
    ("password", "why"),
    [
        (None, "no password was given"),
        ("", "no password was given"),
        ("short", "16 or more"),
        ("blank in the password", "16 or more"),
        ("md5d41d8cd98f00b204e9800998ecf8427e", "md5"),
    ],
)
def test_bad_password_is_refused_without_repeating_it(
    cluster: Cluster, password: str | None, why: str
) -> None:
    with pytest.raises(RoleError, match=why) as refused:
        renew(cluster, password)

    assert password is None or password == "" or password not in str(refused.value)
    assert password is None or password == "" or password not in cluster.log_file.read_text()


@pytest.mark.proves("ROLE-PASSWORD")
def test_quotes_and_backslashes_in_a_password_are_taken_as_they_are(cluster: Cluster) -> None:
    odd = "it's-\\n-\"odd\"-:'password'-$$"

    renew(cluster, odd)

    with analyst(cluster, odd):
        pass


@pytest.mark.proves("ROLE-CLEAR-ERRORS")
@pytest.mark.parametrize(
    ("variables", "dbname", "why"),
    [
        ({}, "postgres", 'database "postgres" has no schema reporting, tracksolid'),
        ({"schemas": "reporting,fuel"}, DATABASE, "has no schema fuel"),
        ({"schemas": "reporting,pg_catalog"}, DATABASE, "schemas of your own, not pg_catalog"),
        ({"schemas": ""}, DATABASE, "schemas of your own, not nothing"),
        ({"owners": "tracksolid_owner, ghost"}, DATABASE, "no owner role ghost"),
        (
            {"denied": "tracksolid.drivers.phon"},
            DATABASE,
            "no such column .* tracksolid.drivers.phon",
        ),
        ({"connection_limit": "many"}, DATABASE, "connection_limit must be a number"),
        ({"harden": "perhaps"}, DATABASE, "harden must be on or off"),
    ],
)
def test_wrong_variable_is_named_and_nothing_changes(
    cluster: Cluster, variables: dict[str, str], dbname: str, why: str
) -> None:
    before = privileges(cluster)

    with pytest.raises(RoleError, match=why):
        renew(cluster, "another-password-entirely", variables, dbname)

    assert privileges(cluster) == before


@pytest.mark.proves("ROLE-CLEAR-ERRORS")
def test_plain_role_is_told_to_connect_as_a_superuser(cluster: Cluster) -> None:
    superuser(
        cluster,
        "DO $$ BEGIN CREATE ROLE plain LOGIN CREATEROLE;"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    )
    dsn = cluster.superuser_dsn(DATABASE).replace("//postgres@", "//plain@")

    with pytest.raises(RoleError, match='"plain" is not a superuser; connect as one'):
        apply_role(cluster.bin_dir / "psql", dsn, PASSWORD)


@pytest.mark.proves("ROLE-FUTURE")
def test_what_the_owner_makes_later_is_readable_by_itself(cluster: Cluster) -> None:
    with owner(cluster) as cursor:
        cursor.execute(
            "CREATE TABLE tracksolid.later AS SELECT 1 AS i;"
            "CREATE MATERIALIZED VIEW reporting.v_later AS SELECT 2 AS i;"
            "CREATE FUNCTION reporting.fn_later() RETURNS int LANGUAGE sql STABLE RETURN 3;"
            "REVOKE EXECUTE ON FUNCTION reporting.fn_later() FROM PUBLIC"
        )
    try:
        with analyst(cluster) as cursor:
            cursor.execute(
                "SELECT (SELECT i FROM tracksolid.later), (SELECT i FROM reporting.v_later),"
                " reporting.fn_later()"
            )
            assert cursor.fetchone() == (1, 2, 3)
    finally:
        with owner(cluster) as cursor:
            cursor.execute(
                "DROP TABLE tracksolid.later; DROP MATERIALIZED VIEW reporting.v_later;"
                "DROP FUNCTION reporting.fn_later()"
            )


@pytest.mark.proves("ROLE-FUTURE")
def test_second_owner_and_schema_are_variables_and_a_forgotten_owner_is_pointed_out(
    cluster: Cluster,
) -> None:
    superuser(cluster, "CREATE ROLE fuel_owner; CREATE SCHEMA fuel AUTHORIZATION fuel_owner")
    try:
        with owner(cluster, "fuel_owner") as cursor:
            cursor.execute("CREATE TABLE fuel.prices (i int)")
        said = renew(cluster, variables={"schemas": "reporting,tracksolid,fuel"})
        assert "fuel.prices (owned by fuel_owner)" in said

        both = {
            "schemas": "reporting, tracksolid, fuel",
            "owners": "tracksolid_owner, fuel_owner",
        }
        assert "WARNING" not in renew(cluster, variables=both)
        with owner(cluster, "fuel_owner") as cursor:
            cursor.execute("CREATE TABLE fuel.later (i int)")
        with analyst(cluster) as cursor:
            cursor.execute("SELECT FROM fuel.prices, fuel.later")

        renew(cluster)
        with analyst(cluster) as cursor, pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("SELECT FROM fuel.prices")
    finally:
        superuser(
            cluster, "DROP SCHEMA fuel CASCADE; DROP OWNED BY fuel_owner; DROP ROLE fuel_owner"
        )


@pytest.mark.proves("ROLE-DENIED")
def test_denied_columns_are_closed_and_stay_closed_until_said_otherwise(cluster: Cluster) -> None:
    def closed() -> bool:
        with analyst(cluster) as cursor:
            cursor.execute("SELECT full_name, city FROM tracksolid.drivers LIMIT 1")
            try:
                cursor.execute("SELECT phone FROM tracksolid.drivers LIMIT 1")
            except errors.InsufficientPrivilege:
                return True
        return False

    said = renew(
        cluster, variables={"denied": "tracksolid.drivers.phone,tracksolid.devices.driver_phone"}
    )
    assert "denied: tracksolid.drivers.phone" in said
    assert closed()
    renew(cluster)
    assert closed()
    renew(cluster, variables={"denied": ""})
    assert not closed()


PARTITIONED = """
CREATE TABLE tracksolid.calls (at date, phone text) PARTITION BY RANGE (at);
CREATE TABLE tracksolid.calls_2026 PARTITION OF tracksolid.calls
    FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY RANGE (at);
CREATE TABLE tracksolid.calls_2026_11 PARTITION OF tracksolid.calls_2026
    FOR VALUES FROM ('2026-11-01') TO ('2026-12-01');
"""


@pytest.mark.proves("ROLE-DENIED")
def test_denied_column_is_closed_in_partitions_of_partitions_too(cluster: Cluster) -> None:
    with owner(cluster) as cursor:
        cursor.execute(PARTITIONED)
    try:
        for variables in ({"denied": "tracksolid.calls.phone"}, {}):
            said = renew(cluster, variables=variables)
            assert "tracksolid.calls_2026_11.phone" in said
            with analyst(cluster) as cursor:
                for table in ("calls", "calls_2026", "calls_2026_11"):
                    cursor.execute(f"SELECT at FROM tracksolid.{table}")
                    with pytest.raises(errors.InsufficientPrivilege):
                        cursor.execute(f"SELECT phone FROM tracksolid.{table}")
        renew(cluster, variables={"denied": ""})
        with analyst(cluster) as cursor:
            cursor.execute("SELECT phone FROM tracksolid.calls_2026_11")
    finally:
        superuser(cluster, "DROP TABLE tracksolid.calls")
        renew(cluster, variables={"denied": ""})
