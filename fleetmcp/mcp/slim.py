"""Tool definitions without what no model needs: every client reads them all, each time."""

from __future__ import annotations

import inspect
from typing import Any

from mcp.types import Tool


def slim(tool: Tool) -> Tool:
    """Return the tool with generated titles and the output's descriptions left out."""
    return tool.model_copy(
        update={
            "description": " ".join(inspect.cleandoc(tool.description or "").split()),
            "inputSchema": _without(tool.inputSchema, {"title"}),
            "outputSchema": _outline(tool.outputSchema or {}),
        }
    )


def _outline(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an object's fields with their types, and no more: what is inside shows itself."""
    fields = schema.get("properties", {})
    return {
        "type": "object",
        "properties": {
            name: {"type": field["type"]} if "type" in field else {}
            for name, field in fields.items()
        },
        "required": schema.get("required", []),
    }


def _without(schema: Any, words: set[str]) -> Any:
    """Return a JSON schema without these keywords; names of properties are not keywords."""
    if isinstance(schema, list):
        return [_without(item, words) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _without(part, words) for name, part in value.items()}
        if key in ("properties", "$defs")
        else _without(value, words)
        for key, value in schema.items()
        if key not in words
    }
