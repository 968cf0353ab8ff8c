"""Reads go to a standby of the analytics database as DATABASE_URL says, and back without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.demo_db import Cluster, LocalDatabase, Size, prepare
from scripts.demo_db.account import server_account
from tests.conftest import AS_OF
from tests.live import Server, rpc, start_server

TINY = Size(vehicles=14, days=8, step=3600)
PRIMARY = {"fsync": "off", "log_statement": "all", "wal_level": "replica", "max_wal_senders": "4"}
STANDBY = PRIMARY | {"hot_standby": "on"}


@pytest.fixture(scope="module")
def primary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDatabase]:
    """A database that lets itself be copied."""
    local = prepare(tmp_path_factory.mktemp("primary"), as_of=AS_OF, size=TINY, settings=PRIMARY)
    with (local.cluster.data / "pg_hba.conf").open("a") as rules:
        rules.write("local replication all trust\n")
    local.cluster.stop()
    local.cluster.start()
    yield local
    local.cluster.remove()


@pytest.fixture(scope="module")
def standby(primary: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A streaming standby of it, made by pg_basebackup."""
    copy = Cluster(tmp_path_factory.mktemp("standby"), settings=STANDBY)
    folder = re.findall(r"host=([^&]+)&port=(\d+)", primary.cluster.superuser_dsn("postgres"))[0]
    where = f"host={folder[0].replace('%2F', '/')} port={folder[1]} user=postgres"
    copy.data.mkdir(mode=0o700)
    server_account().give(copy.data)
    backup = primary.cluster.bin_dir / "pg_basebackup"
    code = server_account().run(
        backup, "-d", where, "-D", copy.data, "-R", "-X", "stream", "-c", "fast"
    )
    assert code == 0
    copy.start()
    yield copy
    copy.remove()


def dsn(primary: LocalDatabase, standby: Cluster, options: str) -> str:
    """Return a DSN that names both, the primary first."""
    ports = (primary.cluster.port, standby.port)
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    return re.sub(r"@[^/]+/", f"@{hosts}/", primary.analytics_dsn) + f"?{options}"


def answered_by(server: Server, mark: str, *clusters: Cluster) -> list[bool]:
    """Ask a marked question; return for each cluster whether its log shows it."""
    assert server.data("query", sql=f"SELECT '{mark}'")["rows"] == [[mark]]
    return [f"SELECT '{mark}'" in cluster.log_file.read_text() for cluster in clusters]


@pytest.mark.proves("GROW-READ-REPLICAS")
def test_standby_answers_and_the_primary_takes_over_and_back(
    primary: LocalDatabase, standby: Cluster, tmp_path: Path
) -> None:
    both = (primary.cluster, standby)
    preferred = dsn(primary, standby, "target_session_attrs=prefer-standby")
    with start_server(tmp_path, preferred) as server:
        assert answered_by(server, "on the standby", *both) == [False, True]
        assert server.error("query", sql="DELETE FROM tracksolid.drivers").startswith(
            "[not_select]"
        )
        standby.stop()
        assert answered_by(server, "on the primary", *both) == [True, False]
        standby.start()
        primary.cluster.stop()
        assert answered_by(server, "on the standby again", *both) == [False, True]
        primary.cluster.start()


@pytest.mark.proves("GROW-READ-REPLICAS")
def test_reads_spread_over_both(primary: LocalDatabase, standby: Cluster, tmp_path: Path) -> None:
    spread = dsn(primary, standby, "target_session_attrs=any&load_balance_hosts=random")
    sql = "SELECT 'spread', count(*) FROM generate_series(1, 400000)"
    with start_server(tmp_path, spread) as server, ThreadPoolExecutor(8) as clients:
        body = rpc("tools/call", {"name": "query", "arguments": {"sql": sql}})
        replies = list(clients.map(lambda _: server.post(body).text, range(24)))
    assert all("400000" in reply for reply in replies)
    counts = [text.log_file.read_text().count("'spread'") for text in (primary.cluster, standby)]
    assert min(counts) > 0
