"""The tools, as the model reads them: signatures, docstrings, one line of work each."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from mcp.server.fastmcp import Context
from mcp.types import ToolAnnotations
from pydantic import Field
from typing_extensions import TypedDict

from fleetmcp import __version__
from fleetmcp.analytics import catalog
from fleetmcp.analytics.explain import Plan
from fleetmcp.analytics.formats import Format
from fleetmcp.mcp import work
from fleetmcp.mcp.server import AuditedMCP

INSTRUCTIONS = """\
Read-only SQL analytics on the company's fleet database (PostgreSQL with TimescaleDB and PostGIS):
vehicles, drivers, trips, distances, fuel, utilisation, alarms, incident tickets, cost centres.
Start with list_schemas and list_tables, read describe_table before you write SQL, prefer the
views of schema reporting, and let the database aggregate. Nothing here can change data. Each
refusal says what to write instead."""

app = AuditedMCP(settings.MCP_SERVER_NAME, INSTRUCTIONS)
# Left unset, the SDK reads its own package's metadata from disk on every request.
app._mcp_server.version = __version__

READ_ONLY = ToolAnnotations(readOnlyHint=True, destructiveHint=False, openWorldHint=False)

Schema = Annotated[str, Field(description="Name of a schema, as list_schemas gives it.")]
TableName = Annotated[str, Field(description="Name of a table or view, as list_tables gives it.")]


class ColumnHead(TypedDict):
    """A column of a result."""

    name: str
    type: str


class Facts(TypedDict):
    """What is said of every result."""

    columns: list[ColumnHead]
    row_count: int
    truncated: bool
    truncated_by: str
    notes: list[str]
    duration_ms: int
    query_id: str


class Rows(Facts, total=False):
    """A result: the columns once, then ``rows`` (arrays or objects) or ``text``, by format."""

    rows: list[Any]
    text: str


class Schemas(TypedDict):
    """The readable schemas."""

    schemas: list[catalog.Schema]


class Tables(TypedDict):
    """The relations of a schema."""

    tables: list[catalog.Table]


class Search(TypedDict):
    """What a search of the catalog found, best first."""

    found: list[catalog.Found]


class Functions(TypedDict):
    """The functions of a schema."""

    functions: list[catalog.Function]


@app.tool(annotations=READ_ONLY, title="Run a read-only SQL query")
async def query(
    sql: Annotated[str, Field(description="One SELECT statement in PostgreSQL's dialect.")],
    ctx: Context[Any, Any, Any],
    max_rows: Annotated[int, Field(description="Rows to return at most.")] = 1000,
    format: Annotated[  # noqa: A002  # the parameter's name in the field
        Format, Field(description="rows: arrays; records: objects; csv or markdown: text.")
    ] = Format.ROWS,
) -> Rows:
    """Ask the fleet database a question in SQL: one SELECT (WITH, VALUES, TABLE, UNION are fine).

    Returns the columns once and the rows as arrays. Timestamps, numerics and intervals are
    PostgreSQL's own text. Aggregate in SQL rather than fetching raw rows; a result longer than
    max_rows is cut and says so. Statements stop after 30 seconds, so filter big tables on time.
    Example: SELECT cost_centre, sum(distance_km) FROM reporting.v_daily_summary
    WHERE day >= current_date - 30 GROUP BY 1 ORDER BY 2 DESC LIMIT 10
    """
    return await work.query(sql, max_rows, format, ctx)


@app.tool(annotations=READ_ONLY, title="List schemas")
async def list_schemas() -> Schemas:
    """List the schemas that can be read, with what they are for. Start here."""
    return await work.list_schemas()


@app.tool(annotations=READ_ONLY, title="List tables and views")
async def list_tables(schema: Schema) -> Tables:
    """List a schema's tables and views: kind, comment, estimated rows, size."""
    return await work.list_tables(schema)


@app.tool(annotations=READ_ONLY, title="Describe a table or view")
async def describe_table(schema: Schema, table: TableName) -> catalog.Description:
    """Describe a table or view: columns with types, comments and common values; keys, indexes,
    time range, view definition. Read this before you write SQL about it. A column with readable
    false can't be selected.
    """
    return await work.describe_table(schema, table)


@app.tool(annotations=READ_ONLY, title="List functions")
async def list_functions(schema: Schema = "reporting") -> Functions:
    """List a schema's own functions with arguments, result and comment: ready-made reports.

    Call one in SQL, for example SELECT * FROM reporting.fn_live_positions().
    """
    return await work.list_functions(schema)


@app.tool(annotations=READ_ONLY, title="Sample a table or view")
async def sample_table(
    schema: Schema,
    table: TableName,
    n: Annotated[int, Field(description="Rows to return at most.")] = 20,
) -> Rows:
    """Show some rows of a table or view, to see what its values look like."""
    return await work.sample_table(schema, table, n)


@app.tool(annotations=READ_ONLY, title="Search the catalog")
async def search_catalog(
    text: Annotated[str, Field(description="A word or a few: fuel, cost centre, gps_time.")],
    limit: Annotated[int, Field(description="Results at most, up to 100.")] = 20,
) -> Search:
    """Find tables, views, columns and functions by words in their names and comments, best first.

    All words must match, else any do. Use it when you don't know where something is.
    """
    return await work.search_catalog(text, limit)


@app.tool(annotations=READ_ONLY, title="Explain a query")
async def explain_query(
    sql: Annotated[str, Field(description="One SELECT statement; it is planned, never run.")],
) -> Plan:
    """Show what a query would cost before you run it: plan, estimated rows, dear steps, advice.

    Use it for big tables: it says which filter is missing and how many chunks would be read.
    """
    return await work.explain_query(sql)


app.refuse_unknown_arguments()
