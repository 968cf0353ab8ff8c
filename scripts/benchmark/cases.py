"""What is asked, of ours and of the floor."""

from __future__ import annotations

import json
from dataclasses import dataclass

TABLE = "tracksolid.position_history"
HUNDRED = "SELECT * FROM (SELECT imei, gps_time, lat, lng, speed, direction FROM {t} LIMIT 100) q"
TEN_THOUSAND = (
    "SELECT * FROM (SELECT imei, gps_time, lat, lng, speed, direction, acc_status "
    "FROM {t} LIMIT 10000) q"
)


@dataclass(frozen=True)
class Case:
    """A call of a tool, or another request.

    ``floor`` is the SQL that the bare app runs instead, if it can; ``copied`` says that COPY of it
    is the floor.
    """

    name: str
    tool: str
    arguments: dict[str, object]
    floor: str = ""
    holds: bytes = b'"isError":false'
    status: int = 200
    authorized: bool = True
    copied: bool = False

    @property
    def body(self) -> bytes:
        """Return the JSON-RPC body."""
        if self.tool == "initialize":
            return _rpc(self.tool, _HELLO)
        params = {"name": self.tool, "arguments": self.arguments}
        return _rpc("tools/call", params)

    @property
    def floor_body(self) -> bytes:
        """Return the same question to the bare app."""
        return _rpc("tools/call", {"name": "query", "arguments": {"sql": self.floor}})


def _rpc(method: str, params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


_HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "1"},
}


def _query(name: str, sql: str, **arguments: object) -> Case:
    return Case(name, "query", {"sql": sql, **arguments}, floor=sql)


def _many(shape: str) -> Case:
    sql = TEN_THOUSAND.format(t=TABLE)
    arguments = {"sql": sql, "max_rows": 10_000, "format": shape}
    return Case(f"10,000 x 7 {shape}", "query", arguments, floor=sql, copied=True)


ONE_ROW = _query("one row", "SELECT 1")
WIDE = "SELECT " + ", ".join(f"{number} AS c{number}" for number in range(200))
CASES = [
    ONE_ROW,
    _query("100 x 6", HUNDRED.format(t=TABLE)),
    *map(_many, ("rows", "records", "csv", "markdown")),
    _query("200 columns", WIDE),
    Case("describe_table", "describe_table", {"schema": "tracksolid", "table": "position_history"}),
    Case("list_tables", "list_tables", {"schema": "reporting"}),
    Case(
        "refusal",
        "query",
        {"sql": "DELETE FROM tracksolid.drivers"},
        floor="SELECT 1",
        holds=b'"isError":true',
    ),
    Case("401", "query", {"sql": "SELECT 1"}, holds=b"", status=401, authorized=False),
    Case("initialize", "initialize", {}, holds=b"protocolVersion"),
]
LARGE_CATALOG = [
    Case("list_tables, 5,000 tables", "list_tables", {"schema": "reporting"}),
    Case("search_catalog, 5,000 tables", "search_catalog", {"text": "large 4711"}),
]
