"""What a judged statement reads: tables, columns and functions, by the catalog's word."""

from __future__ import annotations

from fleetmcp.analytics.touched.facts import NOTHING_KNOWN, Facts, Touch
from fleetmcp.analytics.touched.reads import tables_only, touched

__all__ = ["NOTHING_KNOWN", "Facts", "Touch", "tables_only", "touched"]
