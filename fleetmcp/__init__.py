"""fleetmcp: read-only analytics over MCP."""

__version__ = "0.1.0"
