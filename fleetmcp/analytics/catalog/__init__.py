"""What there is to read, from pg_catalog and as this role may: nothing that it can't is shown.

Every function that takes a ticket blocks and runs on one of the engine's threads; all raise
AnalyticsError. Empty fields are left out of the replies.
"""

from __future__ import annotations

from fleetmcp.analytics.catalog.describe import describe_table
from fleetmcp.analytics.catalog.functions import list_functions
from fleetmcp.analytics.catalog.names import require_readable, whole_table
from fleetmcp.analytics.catalog.samples import sample_sql
from fleetmcp.analytics.catalog.search import search_catalog
from fleetmcp.analytics.catalog.shapes import (
    Description,
    Found,
    Function,
    Schema,
    Table,
    TableColumn,
)
from fleetmcp.analytics.catalog.tables import list_schemas, list_tables

__all__ = [
    "Description",
    "Found",
    "Function",
    "Schema",
    "Table",
    "TableColumn",
    "describe_table",
    "list_functions",
    "list_schemas",
    "list_tables",
    "require_readable",
    "sample_sql",
    "search_catalog",
    "whole_table",
]
