"""Bodies that are nearly, or not at all, what the protocol says."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

TEXT = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["", "query", "ping", "\x00", "\ud800", "🚚", "2.0", "tools/call", "__proto__"]
    ),
)
NUMBERS = st.one_of(
    st.integers(-3, 3), st.floats(),
    st.sampled_from([2**31, 2**53 + 1, 2**63, 2**64, 10**30, -(10**400), 1e308, 0.1]),
)  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXT)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
IDS = st.one_of(st.integers(-3, 10**6), st.text("ab1", max_size=4), ANYTHING)
TOOLS = {
    "query": {"sql": "SELECT 1 AS n", "max_rows": 3, "format": "csv"},
    "explain_query": {"sql": "SELECT 1"},
    "list_schemas": {},
    "list_tables": {"schema": "tracksolid"},
    "describe_table": {"table": "tracksolid.devices"},
    "list_functions": {},
    "sample_table": {"table": "tracksolid.devices", "rows": 2},
    "search_catalog": {"words": "fuel"},
}
SQL = st.sampled_from([
    "SELECT 1", "SELECT imei FROM tracksolid.devices LIMIT 2", "DELETE FROM x", "SELECT '\x00'",
    "SELECT 1/0", "SELECT '\ud800'", "", "SELECT 'é🚚'", "SELEC", "VALUES (1e999)",
])  # fmt: skip
ARGUMENTS = st.one_of(
    st.fixed_dictionaries({"sql": SQL | ANYTHING}, optional={"max_rows": ANYTHING, "x": ANYTHING}),
    st.sampled_from(list(TOOLS.values())),
    ANYTHING,
)
META = st.fixed_dictionaries({}, optional={"progressToken": IDS, "io.x/y": ANYTHING})
CALLS = st.one_of(
    st.sampled_from(sorted(TOOLS)).map(lambda name: {"name": name, "arguments": TOOLS[name]}),
    st.fixed_dictionaries(
        {"name": st.sampled_from(sorted(TOOLS)) | ANYTHING, "arguments": ARGUMENTS},
        optional={"_meta": META | ANYTHING, "task": ANYTHING, "zz": ANYTHING},
    ),
)
_SAY_HELLO = {
    "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "f", "version": "1"}
}  # fmt: skip
METHODS: dict[str, st.SearchStrategy[Any]] = {
    "tools/call": CALLS,
    "tools/list": st.fixed_dictionaries({}, optional={"cursor": ANYTHING, "_meta": META}),
    "ping": st.none() | META,
    "initialize": st.just(_SAY_HELLO) | ANYTHING,
    "notifications/initialized": st.none() | ANYTHING,
    "notifications/cancelled": st.fixed_dictionaries({"requestId": IDS}, optional={"reason": TEXT}),
    "resources/list": ANYTHING,
    "resources/read": st.just({"uri": "file:///etc/passwd"}) | ANYTHING,
    "prompts/get": ANYTHING,
    "completion/complete": ANYTHING,
    "logging/setLevel": st.just({"level": "debug"}) | ANYTHING,
    "tasks/get": ANYTHING,
}


def _honest(method: str) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"jsonrpc": st.just("2.0"), "method": st.just(method), "id": IDS},
        optional={"params": METHODS[method]},
    )


HONEST = st.sampled_from([*METHODS, "tools/call", "tools/call", "tools/call"]).flatmap(_honest)
ODD = st.fixed_dictionaries({}, optional={
    "jsonrpc": st.just("2.0") | ANYTHING, "id": IDS,
    "method": st.sampled_from(list(METHODS)) | TEXT,
    "params": CALLS | ANYTHING, "result": ANYTHING, "error": ANYTHING, "extra": ANYTHING,
})  # fmt: skip


def _said(message: Any) -> bytes:
    return json.dumps(message).encode()


def _twice(pair: tuple[dict[str, Any], dict[str, Any]]) -> bytes:
    """Return an object in which the keys of both stand, one after the other."""
    one, two = (json.dumps(message)[1:-1] for message in pair)
    return f"{{{', '.join(filter(None, [one, two]))}}}".encode()


def _broken(pair: tuple[bytes, int, bytes]) -> bytes:
    body, at, piece = pair
    at %= len(body) + 1
    return body[:at] + piece + body[at + len(piece) // 2 :]


MESSAGES = st.one_of(HONEST, HONEST, HONEST, ODD, ANYTHING, st.lists(HONEST | ODD, max_size=3))
PIECES = st.sampled_from([b"\xff", b"\x00", b'"', b"{", b"[" * 40, b",", b"\xef\xbb\xbf", b"1e9999",
    b"\\ud800", b"NaN", b"-0", b" ", b"\xed\xa0\x80", b"/**/"]) | st.binary(max_size=4)  # fmt: skip
BODIES = st.one_of(
    MESSAGES.map(_said),
    MESSAGES.map(_said),
    st.tuples(HONEST, HONEST | ODD).map(_twice),
    st.tuples(MESSAGES.map(_said), st.integers(0, 10**4), PIECES).map(_broken),
    st.integers(1, 3000).map(lambda n: b'{"a":' * n + b"1" + b"}" * n),
)
CALLED = st.fixed_dictionaries({
    "jsonrpc": st.just("2.0"), "id": st.integers(-3, 2**64) | TEXT,
    "method": st.sampled_from(["tools/call", "tools/call", "ping", "tools/list"]), "params": CALLS,
})  # fmt: skip
MOSTLY_CALLS = st.one_of(CALLED.map(_said), CALLED.map(_said), BODIES)
ACCEPTS = "application/json, text/event-stream"
HEADERS = st.fixed_dictionaries({}, optional={
    "Accept": st.sampled_from([ACCEPTS, "*/*", "application/json", "", "text/event-stream;q=0.5, "
        "application/json", "x/application/json, text/event-stream", "APPLICATION/JSON, text/*"]),
    "Content-Type": st.sampled_from(["application/json", "application/json; charset=utf-8", "",
        "Application/JSON", "text/plain", "application/jsonx", "application/json, text/plain"]),
    "Mcp-Protocol-Version": st.sampled_from(["2025-06-18", "2024-11-05", "1", "2025-11-25", "é"]),
    "Mcp-Session-Id": st.sampled_from(["x", "", "\x7f"]), "Last-Event-Id": st.just("1"),
    "Content-Encoding": st.sampled_from(["gzip", "br"]), "Origin": st.sampled_from(["null", "x"]),
})  # fmt: skip
