"""Points come back as text that people and models read, on servers that have PostGIS."""

from __future__ import annotations

import pytest

from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.queries import run_select
from fleetmcp.analytics.ticket import Ticket
from tests.guard.test_guard_table import check
from tests.servers import FleetServer

SQL = """
SELECT ST_SetSRID(ST_MakePoint(36.8, -1.3), 4326) AS p, ST_MakePoint(1, 2)::geography AS g,
       NULL::geometry AS n, ST_AsGeoJSON(ST_MakePoint(1, 2)) AS j
"""


@pytest.mark.proves("RESULT-DISPLAY")
@pytest.mark.parametrize("as_csv", [False, True])
def test_geometry_is_shown_as_wkt_and_said(
    server: FleetServer, policy: Policy, as_csv: bool
) -> None:
    if "postgis" not in server.extensions:
        pytest.skip(f"PostgreSQL {server.major} has no PostGIS here")
    statement = check(SQL, policy)
    result = run_select(statement, policy, Ticket("a", "1"), limits_for(5), as_csv=as_csv)
    assert result.notes == [f"{name} is shown as WKT." for name in "pgn"]
    if as_csv:
        assert 'POINT(36.8 -1.3),POINT(1 2),,"{""type""' in result.csv
        return
    assert result.rows[0][:3] == ["POINT(36.8 -1.3)", "POINT(1 2)", None]
    assert [column.type for column in result.columns][:3] == ["geometry", "geography", "geometry"]
