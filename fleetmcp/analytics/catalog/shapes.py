"""What the catalog's functions return. A field that would be empty is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired

from typing_extensions import TypedDict


class Schema(TypedDict):
    """A readable schema; ``tables`` counts what list_tables shows."""

    name: str
    comment: NotRequired[str]
    tables: int
    functions: int


# With total=False, not NotRequired: the SDK asks __required_keys__ of what a tool returns, and
# those don't see NotRequired while annotations are strings.
class _Named(TypedDict):
    name: str
    kind: str


class Table(_Named, total=False):
    """A relation; rows are the planner's guess, the size is with indexes."""

    comment: str
    estimated_rows: int
    size: str


class TableColumn(TypedDict):
    """A column: its exact type, its default as SQL; ``readable`` stands here only when false."""

    name: str
    type: str
    nullable: bool
    default: NotRequired[str]
    comment: NotRequired[str]
    readable: NotRequired[bool]
    common_values: NotRequired[list[str]]


class _Described(Table):
    columns: list[TableColumn]


class Description(_Described, total=False):
    """A relation with its columns, keys and indexes; oldest and newest are of time_column."""

    primary_key: list[str]
    foreign_keys: list[str]
    referenced_by: list[str]
    indexes: list[str]
    partition_key: str
    time_column: str
    chunk_interval: str
    chunks: int
    oldest: str
    newest: str
    definition: str
    notes: list[str]


class Function(TypedDict):
    """A function of a readable schema; ``callable`` says whether the guard lets it run."""

    name: str
    arguments: str
    returns: str
    volatility: str
    callable: bool
    comment: NotRequired[str]


class Found(TypedDict):
    """What a search found; a column's name is table.column."""

    kind: str
    schema: str
    name: str
    comment: NotRequired[str]
    matched: str


def present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields without those that hold nothing."""
    return {name: value for name, value in fields.items() if value not in (None, "", [])}
