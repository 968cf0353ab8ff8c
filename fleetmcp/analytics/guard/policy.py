"""What may be named in a question: schemas, relations, functions, types, operators.

The lists in ``data/`` are verdicts about PostgreSQL itself and about known extensions; what the
running server really has comes from its catalog (``snapshot.py``). A name that nobody has judged
is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache, cached_property
from importlib import resources
from typing import NamedTuple

_DATA = resources.files("fleetmcp.analytics.guard") / "data"

# Casting to these looks a name up in the catalog, or turns an object id into a name.
_REFUSED_TYPES = frozenset(
    "regclass regproc regprocedure regoper regoperator regrole regnamespace regtype regcollation "
    "refcursor aclitem".split()
)
# Every other type named pg_* is the row type of a system catalog, with such columns inside.
_WELCOME_TYPES = frozenset({"pg_lsn", "pg_snapshot"})
SAMPLING_METHODS = frozenset({"bernoulli", "system"})


def refused_type(name: str) -> bool:
    """Say whether values of the type, or of arrays of it, can look names up in the catalog."""
    element = name.lstrip("_").lower()
    return element in _REFUSED_TYPES or (
        element.startswith("pg_") and element not in _WELCOME_TYPES
    )


class Verdict(Enum):
    """What the policy says of a function's name."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class FunctionRow(NamedTuple):
    """One function as the running server has it.

    ``extension`` is "" when it belongs to none; ``harmless`` says that the catalog shows it neither
    VOLATILE nor SECURITY DEFINER; ``unary`` that it can be called with one argument.
    """

    schema: str
    name: str
    extension: str
    harmless: bool
    unary: bool


def _sections(file: str) -> dict[str, frozenset[str]]:
    """Return the names of a data file by the ``# origin`` line that they stand under."""
    found: dict[str, set[str]] = {}
    names: set[str] = set()
    for line in (_DATA / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            names = found.setdefault(line[2:].strip(), set())
        elif line.strip():
            names.add(line.split("\t")[0].strip())
    return {origin: frozenset(names) for origin, names in found.items()}


@cache
def allowed_functions() -> Mapping[str, frozenset[str]]:
    """Return origin (``pg_catalog`` or an extension) -> names of functions that may be called."""
    return _sections("functions_allowed.txt")


@cache
def catalog_relations() -> frozenset[tuple[str, str]]:
    """Return the (schema, name) of the catalog relations that may be read."""
    sections = _sections("catalog_relations.txt")
    return frozenset((schema, name) for schema, names in sections.items() for name in names)


@dataclass(frozen=True)
class Policy:
    """The judgement of names for one database, made from its catalog by ``build_policy``.

    ``search_path`` is what unqualified names mean; ``relations`` are the (schema, name) that the
    role can read in the readable schemas; ``functions`` maps (schema, name) to whether every
    overload may be called;
    ``refused_attributes`` are the functions that ``x.name`` could call and that may not be called;
    ``catalog`` says whether the curated views of information_schema may be read.
    """

    schemas: tuple[str, ...]
    search_path: tuple[str, ...]
    relations: frozenset[tuple[str, str]]
    functions: Mapping[tuple[str, str], bool]
    refused_attributes: frozenset[str]
    catalog: bool = True

    def function(self, schema: str, name: str) -> Verdict:
        """Judge a function by name; an unqualified one in every schema that it may come from."""
        places = (schema,) if schema else ("pg_catalog", *self.search_path)
        known = [
            self.functions[key] for place in places if (key := (place, name)) in self.functions
        ]
        if not known:
            return Verdict.UNKNOWN
        return Verdict.ALLOWED if all(known) else Verdict.REFUSED

    def relation(self, schema: str, name: str) -> bool:
        """Say whether the relation may be read; an unqualified one must be in a readable schema."""
        if not schema:
            # pg_catalog comes first on every search path: such a name means what is there.
            return name in self.relation_names and not name.startswith("pg_")
        key = (schema, name)
        return key in self.relations or (self.catalog and key in catalog_relations())

    @cached_property
    def relation_names(self) -> frozenset[str]:
        """Return the names of all readable relations, without their schemas."""
        return frozenset(name for _, name in self.relations)

    def narrowed(self, schemas: tuple[str, ...]) -> Policy:
        """Return the policy of somebody who may read only these of the readable schemas.

        The views of information_schema show whatever the role can read, so they are closed then.
        """
        hidden = set(self.schemas) - set(schemas)
        if not hidden:
            return self
        return replace(
            self,
            schemas=tuple(name for name in self.schemas if name not in hidden),
            search_path=tuple(name for name in self.search_path if name not in hidden),
            relations=frozenset(key for key in self.relations if key[0] not in hidden),
            functions={key: ok for key, ok in self.functions.items() if key[0] not in hidden},
            catalog=False,
        )

    def type_schema(self, schema: str) -> bool:
        """Say whether types, operators and collations of this schema may be used."""
        return schema in ("", "pg_catalog", *self.search_path)

    @property
    def schema_words(self) -> str:
        """Return the readable schemas as a phrase for a sentence."""
        return ", ".join(self.schemas)


def build_policy(
    *,
    schemas: Iterable[str],
    search_path: Iterable[str],
    relations: Iterable[tuple[str, str]],
    functions: Iterable[FunctionRow],
) -> Policy:
    """Judge every function of the server and return the policy. Pure: the rows are the input."""
    readable = tuple(schemas)
    path = tuple(search_path)
    verdicts: dict[tuple[str, str], bool] = {}
    attributes: set[str] = set()
    for row in functions:
        key, allowed = (row.schema, row.name), _may_call(row, readable)
        verdicts[key] = verdicts.get(key, True) and allowed
        if row.unary and not allowed and row.schema in ("pg_catalog", *path):
            attributes.add(row.name)
    return Policy(readable, path, frozenset(relations), verdicts, frozenset(attributes))


def _may_call(row: FunctionRow, schemas: tuple[str, ...]) -> bool:
    if row.extension or row.schema == "pg_catalog":
        return row.name in allowed_functions().get(row.extension or "pg_catalog", frozenset())
    return row.schema in schemas and row.harmless
