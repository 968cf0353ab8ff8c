"""Tests and promises hold each other: no promise without a test, no test without a promise."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.requirements import REQUIREMENTS

HERE = Path(__file__).parent


def proofs() -> Iterator[tuple[str, set[str]]]:
    """Yield each test function with the ids that its marker names."""
    for file in sorted(HERE.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{file.relative_to(HERE)}::{node.name}", set(ids(node))


def ids(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the ids in ``@pytest.mark.proves(...)`` of a function."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.proves":
            for argument in decorator.args:
                assert isinstance(argument, ast.Constant)
                yield str(argument.value)


@pytest.mark.proves("HOUSE-PROMISES")
def test_every_test_names_a_known_promise() -> None:
    lost = {name: found for name, found in proofs() if not found or found - REQUIREMENTS.keys()}
    assert lost == {}


@pytest.mark.proves("HOUSE-PROMISES")
def test_every_promise_has_a_test() -> None:
    proven = {promise for _, found in proofs() for promise in found}
    assert REQUIREMENTS.keys() - proven == set()
