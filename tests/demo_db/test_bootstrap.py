"""scripts/bootstrap_analytics_ro.sh, with a stand-in for docker that runs the local psql."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from scripts.demo_db import Cluster, Size
from scripts.demo_db.load import DATABASE, Loaded, load
from scripts.demo_db.postmaster import recorded
from tests.demo_db.conftest import AS_OF, FAST

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bootstrap_analytics_ro.sh"
DOCKER = """\
#!/bin/sh
echo "$*" >> "$DOCKER_CALLS"
case "$1" in
    ps) printf '%s\\n' $CONTAINERS; exit ;;
esac
shift
[ "$1" = -i ] && shift
shift
case "$1" in
    printenv) echo postgres; exit ;;
    psql) shift; exec "$PSQL" "$@" ;;
esac
exit 9
"""


@dataclass(frozen=True)
class Host:
    """A Docker host as the script sees it."""

    home: Path
    cluster: Cluster
    containers: str = "coolify-proxy timescale_db-ab12cd"

    @property
    def password_file(self) -> Path:
        return self.home / ".analytics_ro.pw"

    @property
    def docker_calls(self) -> str:
        return (self.home / "calls").read_text()

    def bootstrap(self, **environment: str) -> subprocess.CompletedProcess[str]:
        known = recorded(self.cluster.data)
        assert known is not None
        surroundings = {
            "HOME": str(self.home),
            "PATH": f"{self.home}:{os.environ['PATH']}",
            "PGHOST": str(known.socket_dir),
            "PGPORT": str(known.port),
            "PSQL": str(self.cluster.bin_dir / "psql"),
            "CONTAINERS": self.containers,
            "DOCKER_CALLS": str(self.home / "calls"),
        }
        return subprocess.run(
            [SCRIPT], env=surroundings | environment, capture_output=True, text=True, check=False
        )

    def can_log_in(self) -> bool:
        psycopg2.connect(
            host="127.0.0.1",
            port=self.cluster.port,
            user="analytics_ro",
            dbname=DATABASE,
            password=self.password_file.read_text().strip(),
        ).close()
        return True


@pytest.fixture(scope="module")
def cluster(open_folder: Path) -> Iterator[Cluster]:
    filled = Cluster(open_folder / "host", settings=FAST)
    filled.create()
    filled.start()
    load(filled, Loaded(AS_OF, Size(14, 1, 600)), lambda done, total, what: None)
    yield filled
    filled.remove()


@pytest.fixture
def host(tmp_path: Path, cluster: Cluster) -> Host:
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    return Host(tmp_path, cluster)


@pytest.mark.proves("ROLE-BOOTSTRAP")
def test_bootstrap_makes_a_password_once_and_applies_the_role(host: Host) -> None:
    first = host.bootstrap()
    assert first.returncode == 0, first.stderr
    password = host.password_file.read_text()
    assert len(password) == 48
    assert set(password) <= set("0123456789abcdef")
    assert host.password_file.stat().st_mode & 0o777 == 0o600
    assert host.can_log_in()

    second = host.bootstrap()

    assert second.returncode == 0, second.stderr
    assert host.password_file.read_text() == password
    assert host.can_log_in()


@pytest.mark.proves("ROLE-BOOTSTRAP")
def test_password_is_neither_printed_nor_an_argument(host: Host) -> None:
    done = host.bootstrap()
    password = host.password_file.read_text()

    assert "analytics_ro is ready in tracksolid_db" in done.stdout
    assert password not in done.stdout + done.stderr + host.docker_calls


@pytest.mark.proves("ROLE-BOOTSTRAP")
def test_new_password_file_rotates_the_password(host: Host) -> None:
    host.bootstrap()
    old = host.password_file.read_text()
    host.password_file.unlink()

    host.bootstrap()

    assert host.password_file.read_text() != old
    assert host.can_log_in()


@pytest.mark.proves("ROLE-BOOTSTRAP")
def test_password_file_and_denied_columns_can_be_chosen(host: Host, tmp_path: Path) -> None:
    chosen = tmp_path / "elsewhere.pw"

    done = host.bootstrap(
        ANALYTICS_RO_PW_FILE=str(chosen), ANALYTICS_DENIED="tracksolid.drivers.phone"
    )

    assert "denied: tracksolid.drivers.phone" in done.stdout
    assert chosen.stat().st_mode & 0o777 == 0o600
    assert not host.password_file.exists()


@pytest.mark.proves("ROLE-BOOTSTRAP")
@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"CONTAINERS": "redis app"}, 'no running container has "timescale_db" in its name'),
        ({"CONTAINERS": "timescale_db-1 timescale_db-2"}, "timescale_db-1, timescale_db-2"),
        ({"ANALYTICS_DB": "postgres"}, 'database "postgres" has no schema reporting'),
        ({"ANALYTICS_SCHEMAS": "reporting,tickets"}, "has no schema tickets"),
        ({"ANALYTICS_OWNERS": "x'; DROP"}, "owners must not contain quotes"),
        ({"PATH": "/nonexistent:/usr/bin:/bin"}, "docker"),
    ],
)
def test_bootstrap_says_what_is_wrong_and_fails(
    host: Host, environment: dict[str, str], why: str
) -> None:
    done = host.bootstrap(**environment)

    assert done.returncode != 0
    assert why in done.stderr
    assert "role applied" not in done.stdout


@pytest.mark.proves("ROLE-BOOTSTRAP")
def test_password_file_that_others_can_read_is_refused(host: Host) -> None:
    host.password_file.write_text("0123456789abcdef" * 3)
    host.password_file.chmod(0o644)

    done = host.bootstrap()

    assert done.returncode == 1
    assert "can be read by others" in done.stderr


@pytest.mark.proves("ROLE-BOOTSTRAP")
def test_password_file_with_something_else_in_it_is_refused_unprinted(host: Host) -> None:
    host.password_file.write_text("it's not a good idea\n")
    host.password_file.chmod(0o600)

    done = host.bootstrap()

    assert done.returncode == 1
    assert "must hold 16 or more letters" in done.stderr
    assert "good idea" not in done.stderr
