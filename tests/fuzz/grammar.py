"""Statements made of a server's own words: mostly honest, now and then not."""

from __future__ import annotations

from tests.fuzz.expressions import COMMON, Expressions, Scope


class Maker(Expressions):
    """Makes one statement after the other."""

    def source(self, depth: int, scope: Scope) -> tuple[str, Scope]:
        """Return an item of FROM and the columns that it brings."""
        alias = self.name()
        kind = self.random.random()
        if kind < 0.6 or depth <= 0:
            return self.table(alias)
        if kind < 0.7:
            types = [self.type(), self.type()]
            lateral = self.random.choice(["", "LATERAL "])
            inner = self.select(depth - 1, scope if lateral else Scope(), types)
            columns = (alias, "a", types[0]), (alias, "b", types[1])
            return f"{lateral}({inner} LIMIT 3) {alias}(a, b)", Scope(columns)
        if kind < 0.75:
            one, two = self.literal("integer"), self.literal("text")
            columns = (alias, "a", "integer"), (alias, "b", "text")
            return f"(VALUES ({one}, {two}), (2, 'z')) {alias}(a, b)", Scope(columns)
        return self.rows(alias, depth, scope)

    def table(self, alias: str) -> tuple[str, Scope]:
        chosen = self.random.choice(self.words.others if self.odd() else self.words.readable)
        text = f"{self.identifier(chosen.schema)}.{self.identifier(chosen.name)}"
        if self.chance(0.1):
            text = f"ONLY {text}"
        sample = ""
        if self.chance(0.1):
            method = "system_rows" if self.odd() else self.random.choice(["SYSTEM", "bernoulli"])
            sample = f" TABLESAMPLE {method} (5) REPEATABLE (1)"
        columns = tuple((alias, name, kind) for name, kind in chosen.columns)
        return f"{text} AS {alias}{sample}", Scope(columns)

    def rows(self, alias: str, depth: int, scope: Scope) -> tuple[str, Scope]:
        """Return a function, or a table that JSON or XML is read into."""
        if self.chance(0.2):
            json = self.expression("jsonb", 0, scope)
            text = (
                f"JSON_TABLE({json}, '$[*]' AS p PASSING 1 AS v COLUMNS (a int PATH '$.a' "
                "DEFAULT 0 ON EMPTY, b text FORMAT JSON PATH '$.b' WITH WRAPPER, n FOR ORDINALITY, "
                f"e boolean EXISTS PATH '$.c', NESTED PATH '$.d[*]' COLUMNS (d text))) {alias}"
            )
            return text, Scope(((alias, "a", "integer"), (alias, "b", "text")))
        if self.chance(0.2):
            text = (
                "XMLTABLE(XMLNAMESPACES('http://x' AS x), '/a/b' PASSING "
                f"({self.literal('xml')}) COLUMNS a int PATH '@i' DEFAULT 3 NOT NULL, "
                f"n FOR ORDINALITY) {alias}"
            )
            return text, Scope(((alias, "a", "integer"),))
        pool = [f for kind in COMMON for f in self.words.welcome[kind] if f.many]
        pool = self.words.unwelcome if self.odd() else pool
        chosen = self.random.choice(pool)
        called = self.called(chosen, "integer", depth - 1, scope)
        if self.chance(0.2):
            called = f"ROWS FROM ({called}, generate_series(1, 3)) WITH ORDINALITY"
        return f"{called} AS {alias}", Scope()

    def sources(self, depth: int, outer: Scope) -> tuple[str, Scope]:
        text, scope = self.source(depth, outer)
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            more, brought = self.source(depth, Scope(outer.columns + scope.columns))
            both = Scope(scope.columns + brought.columns)
            test = self.expression("boolean", 1, both)
            join = self.random.choice(["JOIN", "LEFT JOIN", "CROSS JOIN", ",", "NATURAL JOIN"])
            on = f" ON {test}" if join in ("JOIN", "LEFT JOIN") else ""
            text, scope = f"{text}{'' if join == ',' else ' '}{join} {more}{on}", both
        return text, scope

    # --- SELECT -----------------------------------------------------------------------------

    def select(self, depth: int, outer: Scope, types: list[str]) -> str:
        """Return a SELECT of columns of these types."""
        text, scope = "", outer
        if self.chance(0.7):
            source, brought = self.sources(depth - 1, outer)
            text, scope = f" FROM {source}", Scope(outer.columns + brought.columns)
        items = ", ".join(
            f"{self.expression(t, depth, scope)}{self.random.choice(['', f' AS c{i}'])}"
            for i, t in enumerate(types)
        )
        into = f" INTO {self.random.choice(['', 'TEMP '])}{self.name()}" if self.odd() else ""
        word = self.random.choice(["", "", "", "DISTINCT ", "ALL "])
        text = f"SELECT {word}{items}{into}{text}"
        if self.chance(0.4):
            text += f" WHERE {self.expression('boolean', depth, scope)}"
        if self.chance(0.15):
            one, two = (self.expression("text", 1, scope) for _ in "ab")
            text += f" GROUP BY {self.random.choice(['', 'DISTINCT '])}" + self.random.choice(
                [f"{one}", f"ROLLUP ({one}, {two})", f"GROUPING SETS (({one}), ({two}), ())"]
            ) + f" HAVING {self.expression('boolean', 1, scope)}"  # fmt: skip
        return text

    def statement(self) -> str:
        """Return a whole statement."""
        depth = self.random.choice([1, 2, 2, 3])
        types = [self.type() for _ in range(self.random.randint(1, 4))]
        text = self.select(depth, Scope(), types)
        if self.chance(0.2):
            join = self.random.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT ALL"])
            text = f"({text}) {join} {self.select(depth - 1, Scope(), types)}"
        if self.chance(0.2):
            text = self.preceded(text, depth, types)
        if self.chance(0.3):
            text += f" ORDER BY 1 {self.random.choice(['', 'DESC NULLS LAST', 'USING <'])}"
        if self.chance(0.4):
            limit = self.random.choice(["LIMIT 5 OFFSET 1", "FETCH FIRST 2 ROWS ONLY", "LIMIT ALL"])
            text += f" {limit}"
        if self.odd():
            text += self.random.choice([" FOR UPDATE", " FOR KEY SHARE SKIP LOCKED", "; SELECT 1"])
        return text

    def one_call(self) -> str:
        """Return one function's answer to values alone."""
        kind = self.random.choice(sorted(self.words.welcome))
        pool = self.words.welcome[kind] or self.words.unwelcome
        wanted = kind if kind in self.words.types else "integer"
        called = self.called(self.random.choice(pool), wanted, 0, Scope())
        return self.random.choice([f"SELECT {called}", f"SELECT * FROM {called} AS x"])

    def preceded(self, text: str, depth: int, types: list[str]) -> str:
        """Put WITH before a SELECT."""
        step, kind = self.name(), self.random.choice(["", "MATERIALIZED ", "NOT MATERIALIZED "])
        if self.odd():
            table = self.random.choice(self.words.readable)
            target = f'"{table.schema}"."{table.name}"'
            body = self.random.choice([
                f"DELETE FROM {target} RETURNING 1", f"INSERT INTO {target} DEFAULT VALUES",
                f"UPDATE {target} SET ctid = ctid RETURNING *", "TABLE pg_catalog.pg_authid",
            ])  # fmt: skip
            return f"WITH {step} AS ({body}) {text}"
        if self.chance(0.3):
            extra = self.random.choice(
                ["", f" SEARCH DEPTH FIRST BY n SET {self.name()}",
                 f" CYCLE n SET {self.name()} USING {self.name()}"]
            )  # fmt: skip
            body = f"SELECT 1 UNION ALL SELECT n + 1 FROM {step} WHERE n < 4"
            return f"WITH RECURSIVE {step}(n) AS ({body}){extra} {text}"
        return f"WITH {step} AS {kind}({self.select(depth - 1, Scope(), types)}) {text}"
