"""An index that somebody made blind for a query is found out, and made anew."""

from __future__ import annotations

import pytest

from tests.audit.sealed import Record


@pytest.mark.proves("SEARCH-BLINDED")
@pytest.mark.parametrize("record", ["sqlite"], indirect=True)
def test_queries_that_the_search_index_lost_are_named_and_migrate_brings_them_back(
    record: Record,
) -> None:
    [(first, last)] = record.run(
        "SELECT min(id), max(id) FROM audit_querylog WHERE sql LIKE '%SELECT%'"
    )
    record.run(
        "INSERT INTO audit_search(audit_search, rowid, sql)"
        f" SELECT 'delete', id, sql FROM audit_querylog WHERE id IN ({first}, {last})"
    )
    assert record.verify()[0] == [
        "Search does not find all queries: 2 are not in its index, the first of them query "
        f"{first}. Run manage.py migrate: it makes the index anew."
    ]
    record.manage("migrate", "--verbosity=0")
    record.verify(ok=True)
    matching = "SELECT count(*) FROM audit_search WHERE audit_search MATCH '\"SELECT\"'"
    assert record.run(f"{matching} AND rowid IN ({first}, {last})") == [(2,)]
