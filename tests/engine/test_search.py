"""Searching the catalog by words, as somebody does who doesn't know the names yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from fleetmcp.analytics import catalog
from fleetmcp.analytics.catalog import Found
from fleetmcp.analytics.errors import Code, QueryRefused
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import LocalDatabase
from tests.database import execute

TICKET = Ticket("alice", "1")
LIMITS = limits_for(1000)

LAB = """
CREATE SCHEMA lab;
CREATE TABLE lab.fuel (id int);
CREATE TABLE lab.fuel_cards (id int, fuelling int, "Card Owner" text);
CREATE TABLE lab.daily_fuel (id int);
CREATE TABLE lab.biofuel (id int);
CREATE TABLE lab.tanks (id int, secret_fuel int);
CREATE TABLE lab.fuel_hidden (id int);
CREATE TABLE lab.fuel_days (day date) PARTITION BY RANGE (day);
CREATE TABLE lab.fuel_days_1 PARTITION OF lab.fuel_days DEFAULT;
CREATE FUNCTION lab.fn_fuel() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION lab.fn_closed_fuel() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION lab.fn_closed_fuel() FROM PUBLIC;
COMMENT ON TABLE lab.tanks IS 'Where FUEL is kept';
COMMENT ON COLUMN lab.tanks.secret_fuel IS 'Stolen';
GRANT USAGE ON SCHEMA lab TO analytics_ro;
GRANT SELECT ON ALL TABLES IN SCHEMA lab TO analytics_ro;
REVOKE SELECT ON lab.tanks, lab.fuel_hidden FROM analytics_ro;
GRANT SELECT (id) ON lab.tanks TO analytics_ro;
"""


@pytest.fixture
def lab(engine: LocalDatabase, settings: Settings) -> Iterator[str]:
    """Make the readable schema ``lab`` for a while, and read no other."""
    execute(engine.superuser_dsn, LAB)
    settings.ANALYTICS_SCHEMAS = ["lab"]
    yield engine.superuser_dsn
    execute(engine.superuser_dsn, "DROP SCHEMA lab CASCADE")


def search(text: str, limit: int = 20) -> list[Found]:
    """Search as the analyst."""
    return catalog.search_catalog(text, TICKET, LIMITS, limit=limit)


def names(text: str) -> list[str]:
    """Return the names found, best first."""
    return [one["name"] for one in search(text)]


@pytest.mark.proves("CATALOG-SEARCH-RANK")
def test_exact_name_comes_first_then_start_then_word_then_part_then_comment(lab: str) -> None:
    assert [(one["name"], one["kind"], one["matched"]) for one in search("fuel")] == [
        ("fuel", "table", "exact name"),
        ("fuel_days", "partitioned table", "start of name"),
        ("fuel_cards", "table", "start of name"),
        ("fuel_cards.fuelling", "column", "start of name"),
        ("daily_fuel", "table", "word in name"),
        ("fn_fuel", "function", "word in name"),
        ("biofuel", "table", "part of name"),
        ("tanks", "table", "word in comment"),
    ]


@pytest.mark.proves("CATALOG-SEARCH-RANK")
def test_case_plural_and_fillers_do_not_matter(lab: str) -> None:
    assert names("FUEL") == names("fuel") == names("the fuel of")
    assert set(names("fuels")) == set(names("fuel"))
    assert names("card owner") == ["fuel_cards.Card Owner"]


@pytest.mark.proves("CATALOG-SEARCH-WORDS")
def test_all_words_must_match_somewhere_else_any_do(engine: LocalDatabase) -> None:
    assert "v_monthly_cost_centre.driving_hours" in names("monthly driving hours")
    found = search("monthly_cost")
    assert found[0]["name"] == "v_monthly_cost_centre"
    assert all("month" in str(one).lower() and "cost" in str(one).lower() for one in found)
    assert "v_fuel_daily" in names("fuel submarine")
    assert names("submarine") == []


@pytest.mark.proves("CATALOG-SEARCH-READABLE")
def test_nothing_that_the_role_cannot_read_is_found(lab: str) -> None:
    found = str([search(text) for text in ("fuel", "secret", "stolen", "hidden", "closed", "days")])
    for hidden in ("secret_fuel", "Stolen", "fuel_hidden", "fn_closed_fuel", "fuel_days_1"):
        assert hidden not in found
    assert search("cost centre") == []


@pytest.mark.proves("CATALOG-SEARCH-TEXT")
@pytest.mark.parametrize("text", ["", "   ", "___", "%", "\x00", "\ud800", "';--", "{}()[]"])
def test_text_without_a_word_is_refused(engine: LocalDatabase, text: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        search(text)
    assert refused.value.code is Code.EMPTY


@pytest.mark.proves("CATALOG-SEARCH-TEXT")
@pytest.mark.parametrize(
    "text",
    ["a' OR 1=1 --", "x" * 100_000, "a b c d e f g h i j", "é ß 東京", "fuel\x00day", "a.*("],
)
def test_any_other_text_is_searched_for(engine: LocalDatabase, text: str) -> None:
    search(text)


@pytest.mark.proves("CATALOG-SEARCH-RANK")
def test_no_more_are_returned_than_asked_for(engine: LocalDatabase) -> None:
    assert len(search("fuel", 3)) == 3
    assert len(search("fuel", 0)) == 1


@pytest.mark.proves("CATALOG-SEARCH-LARGE")
def test_hundreds_of_tables_are_searched_within_the_time_of_an_errand(lab: str) -> None:
    many = ";".join(
        f"CREATE TABLE lab.t_{i} ({', '.join(f'fuel_{i}_{j} int' for j in range(20))})"
        for i in range(500)
    )
    execute(lab, f"{many}; GRANT SELECT ON ALL TABLES IN SCHEMA lab TO analytics_ro")
    assert names("fuel 77")[0].startswith("t_77.fuel_77")
    assert names("t_499")[0] == "t_499"
