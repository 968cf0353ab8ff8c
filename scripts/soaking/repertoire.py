"""The texts of the questions, with the answers that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripts.soaking.tally import OK

Data = dict[str, Any]

# Seven columns whose every value can be told from n.
SEVEN = (
    "SELECT n, n * 7 % 1000 AS a, 'k' || n AS b, n::numeric / 2 AS c, n % 2 = 0 AS d, "
    "date '2026-01-01' + (n % 365)::int AS e, NULL::text AS f FROM generate_series({0}, {1}) n"
)
TRUTHS = (
    "SELECT count(*), sum(speed), min(imei) FROM tracksolid.position_history",
    "SELECT count(*), sum(trips)::bigint, sum(distance_km)::text FROM reporting.v_daily_summary",
    "SELECT code, name, city FROM reporting.cost_centres ORDER BY code",
    "SELECT imei, gps_time::text, speed FROM tracksolid.position_history "
    "ORDER BY imei, gps_time LIMIT 100",
)

REFUSED = (
    ("DELETE FROM tracksolid.drivers", "not_select"),
    ("UPDATE tracksolid.devices SET enabled = false", "not_select"),
    ("SELECT 1; DROP TABLE tracksolid.trips", "several_statements"),
    ("SELECT pg_read_file('/etc/passwd')", "function_not_allowed"),
    ("SELECT * INTO tracksolid.copied FROM tracksolid.drivers", "select_into"),
    ("SELECT * FROM tracksolid.drivers FOR UPDATE", "row_lock"),
    ("SELECT * FROM pg_catalog.pg_authid", "catalog_not_readable"),
    ("SELECT FROM WHERE", "syntax_error"),
    ("SELECT * FROM tracksolid.nosuch", "unknown_relation"),
    ("SELECT 1 / 0", "database_error"),
    ("SELECT nosuch FROM tracksolid.drivers", "database_error"),
)
TOOLS: tuple[tuple[str, dict[str, Any], Callable[[Data], bool]], ...] = (
    ("list_schemas", {}, lambda data: len(data["schemas"]) == 2),
    ("list_tables", {"schema": "tracksolid"}, lambda data: len(data["tables"]) >= 8),
    (
        "describe_table",
        {"schema": "tracksolid", "table": "position_history"},
        lambda data: len(data["columns"]) == 14,
    ),
    ("list_functions", {}, lambda data: len(data["functions"]) >= 4),
    ("search_catalog", {"text": "fuel"}, lambda data: len(data["found"]) > 2),
    (
        "sample_table",
        {"schema": "tracksolid", "table": "drivers", "n": 5},
        lambda data: data["row_count"] == len(data["rows"]) == 5,
    ),
    ("explain_query", {"sql": "SELECT count(*) FROM reporting.v_trips"}, bool),
)
# Person, arguments, what may come back, and how many rows if it is a result.
LIMITED: tuple[tuple[str, dict[str, Any], set[str], int], ...] = (
    ("nora", {"sql": "SELECT * FROM tracksolid.drivers"}, {"schema_not_readable"}, 0),
    ("nora", {"sql": "SELECT code FROM reporting.cost_centres", "format": "csv"}, {"no_export"}, 0),
    ("nora", {"sql": "SELECT * FROM generate_series(1, 1000)"}, {OK}, 50),
    ("hattie", {"sql": "SELECT 1"}, {OK, "queries_per_minute"}, 1),
    ("simon", {"sql": "SELECT 1"}, {OK, "concurrent_queries"}, 1),
)
