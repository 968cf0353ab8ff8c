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
            "outputSchema": _without(tool.outputSchema, {"title", "description", "default"}),
        }
    )


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
