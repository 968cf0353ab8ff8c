"""Expressions made of a server's own words: mostly honest, now and then not."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz.vocabulary import Function, Vocabulary

_ANY = frozenset({"anyelement", "anynonarray", "anycompatible", "anycompatiblenonarray", '"any"'})
_ARRAYS = frozenset({"anyarray", "anycompatiblearray"})
COMMON = [
    "integer", "bigint", "numeric", "text", "boolean", "double precision", "date",
    "timestamp with time zone", "interval", "jsonb", "json", "text[]", "integer[]",
]  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """The (alias, column, type) that an expression may name."""

    columns: tuple[tuple[str, str, str], ...] = ()


class Expressions(ABC):
    """Makes one expression after the other; ``wild`` is how often it reaches for what it must not.

    The same random source makes the same, as long as the vocabulary stays the same.
    """

    def __init__(self, words: Vocabulary, source: random.Random, wild: float) -> None:
        self.words, self.random, self.wild = words, source, wild
        self._names = 0

    @abstractmethod
    def select(self, depth: int, outer: Scope, types: list[str]) -> str:
        """Return a SELECT of columns of these types."""

    def odd(self) -> bool:
        """Say whether to do something that no honest question does."""
        return self.random.random() < self.wild

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def name(self) -> str:
        self._names += 1
        return f"x{self._names}"

    # --- types ------------------------------------------------------------------------------

    def type(self) -> str:
        if self.odd():
            return self.random.choice(["regclass", "regrole", "pg_catalog.regproc", "pg_class[]"])
        pool = COMMON if self.chance(0.6) else self.words.types
        return self.random.choice(pool)

    def _solid(self, wanted: str, chosen: str) -> str:
        """Return the type of an argument where the function takes any."""
        if wanted in _ANY:
            return chosen.removesuffix("[]") or "integer"
        if wanted in _ARRAYS:
            return chosen if chosen.endswith("[]") else f"{chosen}[]"
        return "int4range" if "any" in wanted and "range" in wanted else wanted

    # --- expressions ------------------------------------------------------------------------

    def expression(self, wanted: str, depth: int, scope: Scope) -> str:
        """Return an expression that has, most likely, that type."""
        fitting = [(a, c) for a, c, t in scope.columns if t == wanted]
        if fitting and self.chance(0.5):
            alias, column = self.random.choice(fitting)
            return f'{alias}."{column}"'
        if depth <= 0 or self.chance(0.15):
            return self.literal(wanted)
        makers: list[Callable[[str, int, Scope], str]] = [
            self.call, self.call, self.call, self.operation, self.operation, self.cast,
            self.choice, self.scalar, self.special,
        ]  # fmt: skip
        return self.random.choice(makers)(wanted, depth - 1, scope)

    def literal(self, wanted: str) -> str:
        element = wanted.removesuffix("[]")
        if self.chance(0.08):
            return f"NULL::{wanted}"
        if wanted.endswith("[]"):
            inner = [self.literal(element) for _ in range(self.random.randint(0, 3))]
            return f"ARRAY[{', '.join(inner)}]::{wanted}"
        if wanted in ("integer", "bigint", "smallint") and self.chance(0.9):
            return f"({self.random.choice([-2, -1, 0, 1, 2, 3, 7, 30, 4326])})"
        if wanted == "boolean":
            return self.random.choice(["true", "false"])
        known = self.words.literals.get(element) or [""]
        return f"{self.quoted(self.random.choice(known))}::{wanted}"

    def quoted(self, text: str) -> str:
        kind = self.random.random()
        if kind < 0.05 and "$" not in text:
            return f"$q${text}$q$"
        if kind < 0.1:
            return "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
        if kind < 0.13 and text.isascii() and "'" not in text and "\\" not in text:
            return "U&'" + "".join(f"\\{ord(c):04x}" for c in text) + "'"
        return "'" + text.replace("'", "''") + "'"

    def call(self, wanted: str, depth: int, scope: Scope) -> str:
        pool = self.words.welcome[wanted]
        if not pool or self.chance(0.1):
            pool = self.words.welcome["anyelement" if not wanted.endswith("[]") else "anyarray"]
        if self.odd():
            pool = self.words.unwelcome
        if not pool:
            return self.literal(wanted)
        return self.called(self.random.choice(pool), wanted, depth, scope)

    def called(self, function: Function, wanted: str, depth: int, scope: Scope) -> str:
        count = len(function.takes) - self.random.randint(0, function.defaults)
        takes = [self._solid(t, wanted) for t in function.takes[:count]]
        arguments = [self.expression(t, depth, scope) for t in takes]
        name = self.identifier(function.name)
        if self.chance(0.2) or self.odd():
            name = f"{self.identifier(function.schema)}.{name}"
        if len(arguments) == 1 and self.chance(0.04):
            return f"({arguments[0]}).{self.identifier(function.name)}"
        text = f"{name}({', '.join(arguments)})"
        if function.kind == "w" or (function.kind == "a" and self.chance(0.4)):
            return f"{text}{self.filtered(depth, scope)} OVER {self.window(scope)}"
        return text + (self.filtered(depth, scope) if function.kind == "a" else "")

    def filtered(self, depth: int, scope: Scope) -> str:
        if not self.chance(0.15):
            return ""
        return f" FILTER (WHERE {self.expression('boolean', depth, scope)})"

    def window(self, scope: Scope) -> str:
        frames = [
            "", "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", "RANGE UNBOUNDED PRECEDING",
            "GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES",
            "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW",
        ]  # fmt: skip
        order = f"ORDER BY {self.expression('integer', 1, scope)}"
        part = f"PARTITION BY {self.expression('text', 1, scope)} " if self.chance(0.4) else ""
        return f"({part}{order} {self.random.choice(frames)})"

    def identifier(self, name: str) -> str:
        kind = self.random.random()
        if kind < 0.03:
            return 'U&"' + "".join(f"\\{ord(c):04x}" for c in name) + '"'
        if kind < 0.06 and not name.startswith("_"):
            return "".join(self.random.choice([c, c.upper()]) for c in name)
        plain = name.isidentifier() and name.islower() and name not in self.words.keywords
        return name if plain and kind > 0.2 else f'"{name}"'

    def operation(self, wanted: str, depth: int, scope: Scope) -> str:
        pool = self.words.results[wanted] or self.words.results["boolean"]
        chosen = self.random.choice(pool)
        name = chosen.name
        if self.chance(0.1) or self.odd():
            name = f"OPERATOR({self.identifier(chosen.schema)}.{chosen.name})"
        kind = self._solid(chosen.right, wanted)
        right = self.expression(kind, depth, scope)
        if not chosen.left:
            return f"({name} {right})"
        left = self.expression(self._solid(chosen.left, wanted), depth, scope)
        if chosen.returns == "boolean" and self.chance(0.1):
            word = self.random.choice(["ANY", "ALL", "SOME"])
            return f"({left} {name} {word} (ARRAY[{right}]))"
        return f"({left} {name} {right})"

    def cast(self, wanted: str, depth: int, scope: Scope) -> str:
        source = self.random.choice(self.words.casts[wanted] or ["text"])
        inner = self.expression(source, depth, scope)
        target = self.type() if self.odd() else wanted
        return f"CAST({inner} AS {target})" if self.chance(0.3) else f"({inner})::{target}"

    def choice(self, wanted: str, depth: int, scope: Scope) -> str:
        one, two = (self.expression(wanted, depth, scope) for _ in "ab")
        test = self.expression("boolean", depth, scope)
        return self.random.choice([
            f"CASE WHEN {test} THEN {one} ELSE {two} END", f"COALESCE({one}, {two})",
            f"NULLIF({one}, {two})", f"GREATEST({one}, {two})", f"LEAST({one}, {two})",
            f"CASE {one} WHEN {two} THEN {two} END", f"(ARRAY[{one}, {two}])[1]",
        ])  # fmt: skip

    def scalar(self, wanted: str, depth: int, scope: Scope) -> str:
        return f"({self.select(depth, scope, [wanted])} LIMIT 1)"

    def special(self, wanted: str, depth: int, scope: Scope) -> str:
        """Return a form that the grammar has its own node for."""
        boolean = self.expression("boolean", depth, scope)
        text, number = (self.expression(t, depth, scope) for t in ("text", "integer"))
        xml, json = self.literal("xml"), self.expression("jsonb", depth, scope)
        query = self.select(depth, scope, ["integer"])
        forms = {
            "boolean": [
                f"({text} IS NOT NULL)", f"({boolean} IS UNKNOWN)", f"(NOT {boolean})",
                f"({number} IN ({query}))", f"EXISTS ({query})", f"({number} < ANY ({query}))",
                f"({text} LIKE {text} ESCAPE '!')", f"({text} SIMILAR TO {text})",
                f"({number} BETWEEN SYMMETRIC {number} AND {number})", f"({text} IS JSON OBJECT)",
                f"(({number}, {text}) < ({number}, {text}))", f"({number} IS DISTINCT FROM 1)",
                f"(ROW({number}, {number}) IN (SELECT 1, 2))", f"({xml} IS DOCUMENT)",
                f"JSON_EXISTS({json}, '$.a' PASSING {number} AS a FALSE ON ERROR)",
                f"({boolean} AND {boolean} OR NOT {boolean})", f"({text} IS NFKC NORMALIZED)",
            ],
            "text": [
                "CURRENT_USER", "CURRENT_CATALOG", f"({text} COLLATE \"C\")",
                f"OVERLAY({text} PLACING {text} FROM {number})", f"TRIM(BOTH {text} FROM {text})",
                f"SUBSTRING({text} FROM {number} FOR 2)", f"XMLSERIALIZE(CONTENT {xml} AS text)",
                f"JSON_SERIALIZE({json} RETURNING text)", f"NORMALIZE({text}, NFD)",
                f"JSON_VALUE({json}, 'strict $.a' RETURNING text DEFAULT {text} ON EMPTY)",
                f"SUBSTRING({text} SIMILAR {text} ESCAPE '#')", f"({json} ->> 'a')",
                f"string_agg(DISTINCT {text}, ',' ORDER BY {text})",
            ],
            "integer": [
                f"EXTRACT(epoch FROM {self.expression('interval', 0, scope)})::integer",
                f"POSITION({text} IN {text})", f"({self.literal('integer[]')})[{number}]",
                f"count(*) FILTER (WHERE {boolean})::integer", "GROUPING(1)",
                f"percentile_disc(0.5) WITHIN GROUP (ORDER BY {number})",
            ],
            "jsonb": [
                f"JSON_OBJECT('a': {text}, 'b': {number} ABSENT ON NULL RETURNING jsonb)",
                f"JSON_ARRAY({number}, {text} NULL ON NULL RETURNING jsonb)",
                f"JSON_ARRAY({query} RETURNING jsonb)", f"JSON_ARRAYAGG({number} RETURNING jsonb)",
                f"JSON_OBJECTAGG({text}: {number} RETURNING jsonb)", f"({json})['a']",
                f"JSON_QUERY({json}, '$.*' WITH WRAPPER EMPTY ARRAY ON ERROR)",
            ],
            "json": [f"JSON({text} WITH UNIQUE KEYS)", f"JSON_SCALAR({number})"],
            "xml": [
                f"XMLELEMENT(NAME a, XMLATTRIBUTES({number} AS b), {text})",
                f"XMLFOREST({text} AS a)", f"XMLPARSE(CONTENT {text})", f"XMLPI(NAME a, {text})",
                f"XMLCONCAT({xml}, {xml})", f"XMLROOT({xml}, VERSION NO VALUE)",
            ],
            "date": ["CURRENT_DATE"],
            "timestamp with time zone": [
                "CURRENT_TIMESTAMP(2)", f"(now() AT TIME ZONE {text} AT TIME ZONE 'UTC')"
            ],
            "interval": [f"({number} * INTERVAL '1' DAY)"],
        }  # fmt: skip
        return self.random.choice(forms.get(wanted, forms["boolean"]))
