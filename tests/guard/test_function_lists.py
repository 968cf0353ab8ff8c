"""The guard's lists of functions and catalog relations: well formed, true of a running server."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from scripts.function_rules import BUILTIN, FACTS, Function, sort_names, words

DATA = Path(__file__).resolve().parents[2] / "fleetmcp" / "analytics" / "guard" / "data"
NEWEST_KNOWN_MAJOR = 18

# Written out again on purpose, not imported: a slip in the rules must not pass as a rule.
NEVER = re.compile(
    r"pg_(?!typeof$|size_pretty$|column_size$|input_is_valid$|input_error_info$|collation_for$).*"
    r"|.*_to_xml.*|lo_.*|loread|lowrite|txid_.*|has_.*|to_reg.*|.*_description|inet_.*|dblink.*"
    r"|crosstab.*|connectby.*|pgp_.*|crypt|gen_salt|brin_.*|gin_clean.*|.*_validator|.*_handler|_.*|.*\..*"
    r"|set_config|current_setting|setseed|set_limit|ts_stat|ts_rewrite|ts_debug|current_query"
    r"|nextval|currval|lastval|setval|format_type|oidvectortypes|regclass|row_security_active|acl.*"
    r"|addgeometrycolumn|dropgeometry.*|updategeometrysrid|populate_geometry.*|(un)?lockrows?|.*longtransactions.*"
    r"|addauth|checkauth.*|gettransactionid|st_estimatedextent|st_findextent|find_srid"
    r"|st_fromflatgeobuf.*|postgis_(typmod|constraint|extensions)_.*|postgis_transform_.*"
    r"|st_geomfromtwkb|st_frechetdistance|st_(inverse)?transformpipeline|xpath_table|xslt_process|.*_job|.*_polic(y|ies)|.*chunks?(_.*)?"
    r"|create_hypertable|add_dimension|attach_tablespace|uuid_generate_v1.*"
)
WELCOME = {
    BUILTIN: """
        random random_normal clock_timestamp statement_timestamp timeofday gen_random_uuid
        array_shuffle array_sample pg_typeof pg_size_pretty pg_column_size pg_input_is_valid
        pg_input_error_info pg_collation_for version current_user current_database now date_trunc
        to_char extract age generate_series count sum avg percentile_cont row_number lag
        regexp_replace jsonb_path_query""",
    "postgis": """
        st_generatepoints st_symmetricdifference st_clusterkmeans st_clusterdbscan st_transform
        st_dwithin st_distance st_length st_makeline st_collect st_union st_astext st_asgeojson
        st_asmvt""",
    "timescaledb": """
        time_bucket time_bucket_gapfill locf interpolate first last histogram approximate_row_count
        hypertable_size""",
    "pg_trgm": "similarity word_similarity",
    "hstore": "hstore each",
}
LISTS = ("functions_allowed.txt", "functions_refused.txt", "catalog_relations.txt")


def read_sections(file: str) -> list[tuple[str, list[str]]]:
    """Return (heading, lines) in the order of the file."""
    sections: list[tuple[str, list[str]]] = []
    for line in (DATA / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            sections.append((line[2:], []))
        elif line:
            sections[-1][1].append(line)
    return sections


def allowed() -> dict[str, set[str]]:
    return {origin: set(lines) for origin, lines in read_sections("functions_allowed.txt")}


def refused() -> dict[str, dict[str, str]]:
    sections = read_sections("functions_refused.txt")
    return {origin: dict(line.split("\t") for line in lines) for origin, lines in sections}


@pytest.mark.proves("GUARD-LISTS-READABLE")
@pytest.mark.parametrize("file", LISTS)
def test_every_list_is_sorted_and_has_one_section_per_origin(file: str) -> None:
    sections = read_sections(file)
    origins = [origin for origin, _ in sections]
    assert origins == sorted(set(origins), key=lambda origin: (origin != BUILTIN, origin))
    for origin, lines in sections:
        names = [line.split("\t")[0] for line in lines]
        assert names, origin
        assert names == sorted(set(names)), origin


@pytest.mark.proves("GUARD-LISTS-READABLE")
def test_every_refused_function_has_one_reason_word() -> None:
    for origin, names in refused().items():
        odd = {
            name: reason
            for name, reason in names.items()
            if not re.fullmatch(r"[a-z]+(-[a-z]+)*", reason)
        }
        assert not odd, origin


@pytest.mark.proves("GUARD-FUNCTION-VERDICTS")
def test_no_function_is_both_allowed_and_refused() -> None:
    everywhere_refused = {name for names in refused().values() for name in names}
    everywhere_allowed = {name for names in allowed().values() for name in names}
    assert not everywhere_allowed & everywhere_refused


@pytest.mark.proves("GUARD-FUNCTION-VERDICTS")
def test_no_allowed_function_is_one_that_may_never_be_called() -> None:
    for origin, names in allowed().items():
        assert not [name for name in sorted(names) if NEVER.fullmatch(name)], origin


@pytest.mark.proves("GUARD-FUNCTION-WELCOME")
@pytest.mark.parametrize("origin", sorted(WELCOME))
def test_what_analysts_need_is_allowed(origin: str) -> None:
    assert words(WELCOME[origin]) <= allowed()[origin]


@pytest.mark.proves("GUARD-CATALOG-RELATIONS")
def test_no_catalog_relation_shows_jobs_definitions_or_settings() -> None:
    sections = dict(read_sections("catalog_relations.txt"))
    assert sections.keys() == {"information_schema"}
    assert set(sections["information_schema"]) == {"columns", "key_column_usage", "tables", "views"}


Judged = tuple[int, dict[str, str | None]]


@pytest.fixture(scope="module")
def judged(superuser_dsn: str) -> Judged:
    """Return the running server's major version and the rules' verdict on its own functions."""
    with closing(psycopg2.connect(superuser_dsn)) as connection, connection.cursor() as cursor:
        major = connection.server_version // 10_000
        cursor.execute(FACTS)
        functions = [Function(*row) for row in cursor.fetchall()]
    return major, sort_names(functions)[BUILTIN]


@pytest.mark.proves("GUARD-FUNCTION-VERDICTS")
def test_every_builtin_function_of_a_known_server_has_a_verdict(judged: Judged) -> None:
    major, verdicts = judged
    unknown = verdicts.keys() - allowed()[BUILTIN] - refused()[BUILTIN].keys()
    assert not unknown or major > NEWEST_KNOWN_MAJOR, sorted(unknown)


@pytest.mark.proves("GUARD-FUNCTION-WELCOME")
def test_every_harmless_builtin_function_is_allowed_or_not_judged_yet(judged: Judged) -> None:
    _, verdicts = judged
    harmless = {name for name, reason in verdicts.items() if reason is None}
    assert not harmless & refused()[BUILTIN].keys()


@pytest.mark.proves("GUARD-FUNCTION-VERDICTS")
def test_no_allowed_builtin_function_has_become_harmful_on_the_running_server(
    judged: Judged,
) -> None:
    _, verdicts = judged
    harmful = {name: reason for name, reason in verdicts.items() if reason}
    assert not {name: harmful[name] for name in allowed()[BUILTIN] & harmful.keys()}


@pytest.mark.proves("GUARD-FUNCTION-VERDICTS")
@pytest.mark.parametrize(
    ("origin", "name", "structures", "verdict"),
    [
        (BUILTIN, "f", [None], None),
        (BUILTIN, "f", [None, "volatile"], "volatile"),
        (BUILTIN, "f", [None, "transition"], None),
        (BUILTIN, "f", ["transition"], "transition"),
        (BUILTIN, "pg_new_in_19", [None], "server"),
        (BUILTIN, "random", ["volatile"], None),
        (BUILTIN, "random", ["security-definer"], "security-definer"),
        ("timescaledb", "random", ["volatile"], "volatile"),
        ("dblink", "f", [None], "extension"),
        ("postgis_raster", "st_intersects", [None], None),
        ("postgis_raster", "st_fromgdalraster", [None], "extension"),
    ],
)
def test_a_name_is_allowed_only_if_every_overload_is(
    origin: str, name: str, structures: list[str | None], verdict: str | None
) -> None:
    overloads = [Function(origin, "public", name, structure) for structure in structures]
    assert sort_names(overloads) == {origin: {name: verdict}}


@pytest.mark.proves("GUARD-FUNCTION-VERDICTS")
def test_functions_of_private_schemas_are_listed_with_their_schema() -> None:
    private = Function("timescaledb", "_timescaledb_internal", "to_timestamp", None)
    verdicts = {"_timescaledb_internal.to_timestamp": "internal-schema"}
    assert sort_names([private]) == {"timescaledb": verdicts}
