"""A refusal on its way out of the walk."""

from __future__ import annotations

import re

from fleetmcp.analytics.errors import Code


class No(Exception):
    """A refusal that doesn't know yet where in the text it stands."""

    def __init__(self, what: str, hint: str = "", code: Code = Code.UNSUPPORTED) -> None:
        super().__init__(what)
        self.what, self.hint, self.code = what, hint, code

    @classmethod
    def node(cls, kind: str) -> No:
        """Return the refusal of a node type that is not on the list."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.removesuffix("Stmt")).upper()
        if kind == "ParamRef":
            return cls("There are no parameters here.", "Write the value itself.", Code.PARAMETER)
        if not kind.endswith("Stmt"):
            return cls(f"This syntax ({words}) is not supported.", "Write it another way.")
        return cls(
            f"This is {words}, not SELECT; the database is read-only here.",
            "Write one SELECT (WITH, VALUES, TABLE and UNION are fine).",
            Code.NOT_SELECT,
        )

    @classmethod
    def field(cls, kind: str, field: str) -> No:
        """Return the refusal of a part of a node that is not on the list."""
        if field == "intoClause":
            return cls("SELECT INTO creates a table.", "Remove the INTO clause.", Code.SELECT_INTO)
        if field == "lockingClause":
            hint = "Remove FOR UPDATE / FOR SHARE: a read needs no lock."
            return cls("This clause locks rows.", hint, Code.ROW_LOCK)
        return cls(f"This part of the syntax ({kind}.{field}) is not supported.")
