"""The door: addresses, methods, hosts, tokens, and bodies that are no call."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from accounts.authentication import REFUSAL
from tests.live import Server, rpc

PING = rpc("ping")


def call(tool: object, arguments: object) -> str:
    """Return the body of a tools/call."""
    return rpc("tools/call", {"name": tool, "arguments": arguments})


def event(reply: httpx.Response) -> dict[str, Any]:
    """Return the last message of a reply, which is JSON or a stream of events."""
    if reply.headers["content-type"] == "application/json":
        only: dict[str, Any] = reply.json()
        return only
    lines = [line for line in reply.text.splitlines() if line.startswith("data: ")]
    message: dict[str, Any] = json.loads(lines[-1][6:])
    return message


@pytest.mark.proves("DOOR-PATHS")
@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/"])
def test_every_documented_address_answers_without_a_redirect(server: Server, path: str) -> None:
    reply = server.post(PING, path)
    assert (reply.status_code, event(reply)["result"]) == (200, {})

    async def asked() -> Any:
        async with server.session(path=path) as session:
            return await session.call_tool("query", {"sql": "SELECT 1"})

    assert asyncio.run(asked()).structuredContent["rows"] == [[1]]


@pytest.mark.proves("DOOR-METHODS")
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "HEAD", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
def test_other_methods_are_told_to_post(server: Server, method: str, path: str) -> None:
    reply = httpx.request(method, server.url + path, headers=server.headers())
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")


@pytest.mark.proves("DOOR-LANDING")
def test_root_is_a_page_for_people(server: Server) -> None:
    reply = httpx.get(server.url + "/")
    assert reply.status_code == 200
    assert f"claude mcp add --transport http fireside-analytics {server.url}/mcp" in reply.text


@pytest.mark.proves("VERIFY-8-401")
@pytest.mark.parametrize("authorization", [
    None, "", "Bearer", "Bearer x", "Basic YTpi", "Bearer fmcp_" + "a" * 49,
    "Bearer a b", "Bearer " + "x" * 10_000, "Bearer \u00e9",
])  # fmt: skip
def test_missing_or_bad_token_is_the_same_401(server: Server, authorization: str | None) -> None:
    headers = {k.lower(): v for k, v in server.headers().items() if k != "Authorization"}
    if authorization is not None:
        headers["authorization"] = authorization
    before = len(server.rows())
    reply = httpx.post(
        server.url + "/mcp",
        content=PING,
        headers=[(k.encode(), v.encode()) for k, v in headers.items()],
    )
    assert reply.status_code == 401
    assert reply.json() == {"error": "unauthorized", "error_description": REFUSAL}
    challenge = reply.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="fireside-analytics"')
    assert ('error="invalid_token"' in challenge) == bool(authorization)
    assert len(server.rows()) == before


@pytest.mark.proves("VERIFY-8-401")
def test_token_in_the_address_is_no_token(server: Server) -> None:
    token = server.tokens["alice"]
    for query in (f"?token={token}", f"?access_token={token}", f"?authorization=Bearer+{token}"):
        reply = httpx.post(f"{server.url}/mcp{query}", content=PING)
        assert reply.status_code == 401


@pytest.mark.proves("DOOR-REVOKED")
def test_revoked_token_is_refused_at_the_very_next_call(server: Server) -> None:
    token = server.manage("issue_token", "alice", "--label=short").split()[-1]
    headers = server.headers() | {"Authorization": f"Bearer {token}"}
    assert httpx.post(server.url + "/mcp", content=PING, headers=headers).status_code == 200
    server.manage("revoke_token", token[:11], "--reason=test")
    refused = httpx.post(server.url + "/mcp", content=PING, headers=headers)
    assert (refused.status_code, refused.json()["error_description"]) == (401, REFUSAL)


@pytest.mark.proves("DOOR-HOSTS")
def test_foreign_host_and_origin_are_refused(server: Server) -> None:
    assert server.post(PING, Host="evil.example").status_code == 421
    assert server.post(PING, Origin="https://evil.example").status_code == 403
    assert server.post(PING, Origin=server.url).status_code == 200


@pytest.mark.proves("DOOR-SIZE")
def test_too_large_a_body_is_refused_and_says_how_much_is_allowed(server: Server) -> None:
    reply = server.post(call("query", {"sql": "x" * 600_000}))
    assert reply.status_code == 413
    assert "524,288 bytes" in reply.json()["error_description"]


@pytest.mark.proves("AUDIT-MALFORMED")
@pytest.mark.parametrize("body", [
    b"", b"{", b"\xff\xfe", b"[]", b"null", b"1", b'"tools/call"', b"[" * 10_000,
    rpc("tools/call").encode(), rpc("tools/call", []).encode(),
    rpc("tools/call", {"arguments": {"sql": "SELECT 1"}}).encode(),
    call(7, {}).encode(), call(None, {}).encode(),
    call("query", "SELECT 1").encode(), call("query", ["SELECT 1"]).encode(),
    b'{"method": "tools/call", "params": {"name": "query", "arguments": {"sql": "SELECT 1"}}}',
    b'{"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "query"}}',
    rpc("tools/call", {"name": "query", "arguments": {}}, ident=None).encode(),
    rpc("tools/call", {"name": "query", "arguments": {}}, ident=[1]).encode(),
    rpc("tools/call", {"name": "query", "arguments": {}}, ident=1.5).encode(),
    rpc("tools/call", {"name": "query", "_meta": 7}).encode(),
    rpc("tools/call", {"name": "query", "task": "x"}).encode(),
])  # fmt: skip
def test_malformed_call_has_a_row_and_a_clear_answer(server: Server, body: bytes) -> None:
    before = len(server.rows())
    reply = server.post(body)
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert error["code"] in (-32700, -32600, -32602)
    assert error["message"].endswith(".")
    rows = server.rows()
    assert len(rows) == before + 1
    assert (rows[-1]["outcome"], rows[-1]["reason"]) == ("refused", "malformed")


@pytest.mark.proves("AUDIT-MALFORMED")
def test_unknown_tool_has_a_row_and_is_told_the_tools(server: Server) -> None:
    text = server.error("drop_everything", sql="DROP TABLE x")
    assert text.startswith("[unknown_tool] There is no such tool here. Tools: query, ")
    row = server.last_row()
    assert (row["tool"], row["outcome"], row["reason"]) == (
        "drop_everything", "refused", "unknown_tool",
    )  # fmt: skip
    assert row["sql"] == "DROP TABLE x"


@pytest.mark.proves("AUDIT-MALFORMED")
@pytest.mark.parametrize("arguments", [
    {}, {"sql": 7}, {"sql": None}, {"sql": ["SELECT 1"]}, {"sql": "SELECT 1", "max_rows": "many"},
    {"sql": "SELECT 1", "max_rows": None}, {"sql": {"a": {"b": []}}},
])  # fmt: skip
def test_bad_arguments_have_a_row_and_name_the_argument(
    server: Server, arguments: dict[str, Any]
) -> None:
    text = server.error("query", **arguments)
    assert text.startswith("[bad_arguments] ")
    assert "sql" in text or "max_rows" in text
    assert "pydantic" not in text
    row = server.last_row()
    assert (row["outcome"], row["reason"]) == ("refused", "bad_arguments")
    assert json.loads(row["arguments"]) == arguments


@pytest.mark.proves("AUDIT-MALFORMED")
@pytest.mark.parametrize("sql", ["SELECT '\x00'", "SELECT '\ud800'", "\ud800", "x" * 70_000])
def test_text_that_no_database_takes_is_refused_and_recorded(server: Server, sql: str) -> None:
    reply = server.post(call("query", {"sql": sql}))
    if reply.status_code == 400:  # a lone surrogate is no JSON text
        assert reply.json()["error"]["code"] == -32700
    else:
        assert event(reply)["result"]["isError"] is True
        assert event(reply)["result"]["content"][0]["text"].startswith("[")
    assert server.last_row()["outcome"] == "refused"


@pytest.mark.proves("DOOR-VERSION")
def test_unknown_protocol_version_is_answered_by_the_sdk(server: Server) -> None:
    reply = server.post(PING, **{"MCP-Protocol-Version": "2026-07-28"})
    assert reply.status_code == 400
    assert "Unsupported protocol version" in reply.text


@pytest.mark.proves("LIMIT-ROWS")
@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-5, 1), (10**6, 10_000), (10_001, 10_000)])
def test_max_rows_out_of_range_is_clamped_and_said(server: Server, asked: int, given: int) -> None:
    sql = "SELECT i FROM generate_series(1, 20000) i"
    result = server.data("query", sql=sql, max_rows=asked)
    assert (result["row_count"], result["truncated"]) == (given, True)
    assert f"max_rows was set to {given}: it must be from 1 to 10000." in result["notes"]


@pytest.mark.proves("LIMIT-ROWS")
def test_default_is_a_thousand_rows(server: Server) -> None:
    result = server.data("query", sql="SELECT i FROM generate_series(1, 2000) i")
    assert (result["row_count"], result["truncated"]) == (1000, True)


@pytest.mark.proves("TOOL-UNKNOWN-NAMES")
def test_unknown_names_are_refused_with_the_nearest_ones(server: Server) -> None:
    text = server.error("describe_table", schema="tracksolid", table="device")
    assert text.startswith("[unknown_relation]")
    assert "devices" in text
    for tool in ("list_tables", "list_functions"):
        text = server.error(tool, schema="pg_catalog")
        assert text.startswith("[schema_not_readable]")
        assert "reporting, tracksolid" in text
    for name in ('devices"; DROP TABLE x; --', "devices\x00", "x' OR 'a'='a", ""):
        for tool in ("describe_table", "sample_table"):
            text = server.error(tool, schema="tracksolid", table=name)
            assert text.startswith(("[unknown_relation]", "[database_error 42P01]"))


@pytest.mark.proves("REPLY-ONCE")
def test_data_is_sent_once_to_clients_that_know_structured_content(server: Server) -> None:
    body = call("query", {"sql": "SELECT 'only once'"})
    modern = event(server.post(body, **{"MCP-Protocol-Version": "2025-06-18"}))["result"]
    assert modern["structuredContent"]["rows"] == [["only once"]]
    assert json.dumps(modern).count("only once") == 1
    assert server.last_row()["bytes"] == len(
        json.dumps(modern["structuredContent"], separators=(",", ":"))
    )


@pytest.mark.proves("REPLY-ONCE")
@pytest.mark.parametrize("version", [{}, {"MCP-Protocol-Version": "2025-03-26"}])
def test_older_clients_find_the_data_in_the_text(server: Server, version: dict[str, str]) -> None:
    result = event(server.post(call("query", {"sql": "SELECT 'for all'"}), **version))["result"]
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]


@pytest.mark.proves("REPLY-SCHEMA")
def test_every_tool_answers_as_its_output_schema_says(server: Server) -> None:
    calls: dict[str, dict[str, Any]] = {
        "query": {"sql": "SELECT 1, NULL, 'x', now(), true, 1.5"},
        "list_schemas": {},
        "list_tables": {"schema": "tracksolid"},
        "describe_table": {"schema": "reporting", "table": "v_trips"},
        "list_functions": {},
        "sample_table": {"schema": "tracksolid", "table": "trips", "n": 5},
    }

    for tool, arguments in calls.items():
        # The official client holds each result against the tool's schema and raises.
        assert server.data(tool, **arguments)


@pytest.mark.proves("FORMAT-WIRE")
@pytest.mark.parametrize("shape", ["rows", "csv"])
def test_a_hundred_rows_cost_less_than_nine_kilobytes(server: Server, shape: str) -> None:
    sql = (
        "SELECT trip_id, imei, start_time, distance_m, max_speed, fuel_used_l "
        "FROM tracksolid.trips ORDER BY trip_id LIMIT 100"
    )
    reply = server.post(
        call("query", {"sql": sql, "format": shape}), **{"MCP-Protocol-Version": "2025-06-18"}
    )
    assert event(reply)["result"]["structuredContent"]["row_count"] == 100
    assert len(reply.content) < 9_000


@pytest.mark.proves("TOOLS-SMALL")
def test_list_of_tools_is_smaller_than_eight_kilobytes(server: Server) -> None:
    reply = server.post(rpc("tools/list"))
    tools = event(reply)["result"]["tools"]
    assert len(reply.content) < 8_000
    for tool in tools:
        assert tool["description"]
        assert all("description" in part for part in tool["inputSchema"]["properties"].values())
