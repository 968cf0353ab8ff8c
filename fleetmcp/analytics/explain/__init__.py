"""What a statement would cost, without running it: the plan in brief, and what to do about it."""

from __future__ import annotations

from fleetmcp.analytics.explain.run import Plan, explain

__all__ = ["Plan", "explain"]
