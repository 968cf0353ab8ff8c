"""The rules by which PostgreSQL's functions are sorted into those that only compute and the rest.

``FACTS`` asks a running server what each function is; ``refusal`` answers with one of the reason
words below, or None for a function that an analyst may call; ``sort_names`` turns many answers
into the two lists of ``fleetmcp/analytics/guard/data``. Used by ``scripts/classify_functions``
and by the test that holds the lists against a running server.

    type-io internal trigger handler procedure   PostgreSQL calls these itself
    transition index-support                     so too, and a query has no use for them
    security-definer volatile                    as the catalog declares them
    internal-schema extension                    the whole schema, the whole extension
    everything else                              what it does: BY_NAME, BY_PATTERN
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

BUILTIN = "pg_catalog"

FACTS = """
SELECT coalesce(e.extname, 'pg_catalog'), n.nspname, p.proname,
  CASE
    WHEN p.prokind = 'p' THEN 'procedure'
    WHEN p.prosecdef THEN 'security-definer'
    WHEN p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) THEN 'trigger'
    WHEN p.prorettype IN ('fdw_handler'::regtype, 'index_am_handler'::regtype,
      'table_am_handler'::regtype, 'tsm_handler'::regtype, 'language_handler'::regtype)
      THEN 'handler'
    WHEN types && ARRAY['internal'::regtype]::oid[] THEN 'internal'
    WHEN types && ARRAY['cstring'::regtype]::oid[] OR p.oid IN (
      SELECT f FROM pg_type, unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin,
        typmodout, typanalyze, typsubscript]::oid[]) f) THEN 'type-io'
    WHEN p.oid IN (
      SELECT prosupport FROM pg_proc
      UNION SELECT f FROM pg_operator, unnest(ARRAY[oprrest, oprjoin]::oid[]) f
      UNION SELECT f FROM pg_range, unnest(ARRAY[rngcanonical, rngsubdiff]::oid[]) f
      UNION SELECT conproc FROM pg_conversion
      UNION SELECT f FROM pg_language, unnest(ARRAY[laninline, lanvalidator]) f
      UNION SELECT fdwvalidator FROM pg_foreign_data_wrapper
      UNION SELECT f FROM pg_ts_template, unnest(ARRAY[tmplinit, tmpllexize]::oid[]) f
      UNION SELECT f FROM pg_ts_parser, unnest(ARRAY[prsstart, prstoken, prsend, prsheadline,
        prslextype]::oid[]) f) THEN 'internal'
    WHEN types && ARRAY['regclass', 'regclass[]', 'regtype', 'regtype[]', 'regproc', 'regprocedure',
      'regoper', 'regoperator', 'regrole', 'regnamespace', 'regcollation', 'aclitem', 'aclitem[]',
      'refcursor']::regtype[]::oid[] THEN 'catalogue'
    WHEN p.provolatile = 'v' THEN 'volatile'
    WHEN p.oid IN (SELECT oprcode FROM pg_operator) THEN NULL
    WHEN p.oid IN (
      SELECT f FROM pg_aggregate, unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn,
        aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[]) f) THEN 'transition'
    WHEN p.oid IN (
      SELECT amproc FROM pg_amproc JOIN pg_opfamily f ON f.oid = amprocfamily
        JOIN pg_am a ON a.oid = opfmethod
      GROUP BY amproc HAVING bool_and(amname NOT IN ('btree', 'hash') OR amprocnum > 2))
      THEN 'index-support'
  END
FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace
  LEFT JOIN pg_depend d
    ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  LEFT JOIN pg_extension e ON e.oid = d.refobjid
  CROSS JOIN LATERAL (
    SELECT coalesce(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype) t(types)
WHERE e.oid IS NOT NULL OR p.oid < 16384
"""


class Function(NamedTuple):
    """One overload: ``structure`` is what the catalog alone says against it, or None."""

    origin: str
    schema: str
    name: str
    structure: str | None


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


# Allowed although the catalog calls them volatile, or they take or return a type of the catalog,
# or serve an index too.
WELCOME: Mapping[str, frozenset[str]] = {
    BUILTIN: words("""
        random random_normal clock_timestamp statement_timestamp timeofday gen_random_uuid uuidv4
        uuidv7 array_shuffle array_sample pg_typeof pg_size_pretty pg_column_size pg_input_is_valid
        pg_input_error_info pg_collation_for bound_box"""),
    "pgcrypto": words("gen_random_uuid"),
    "postgis": words("st_generatepoints st_symmetricdifference st_clusterkmeans"),
    "timescaledb": words("""
        time_bucket_gapfill locf interpolate approximate_row_count hypertable_size
        hypertable_detailed_size hypertable_index_size hypertable_approximate_size
        hypertable_approximate_detailed_size hypertable_compression_stats
        hypertable_columnstore_stats"""),
}

# Extensions of which no function is a question about data.
CLOSED_EXTENSIONS = words("""
    adminpack dblink lo pageinspect pg_stat_statements pgrowlocks plpgsql postgres_fdw xml2""")

# Of these only the overloads of names that PostGIS has too: refusing one overload refuses the name.
# The rest of PostGIS raster may read files and addresses on behalf of the server.
COMPANIONS: Mapping[str, frozenset[str]] = {
    "postgis_raster": words("""
        box3d bytea postgis_noop st_asbinary st_contains st_containsproperly st_convexhull
        st_coveredby st_covers st_dfullywithin st_disjoint st_dwithin st_envelope st_intersection
        st_intersects st_isempty st_memsize st_overlaps st_polygon st_setsrid st_snaptogrid st_srid
        st_summary st_touches st_transform st_union st_within""")
}

# Not reachable without naming the schema, and of no use to an analyst.
CLOSED_SCHEMAS = re.compile(r"_.*|information_schema|timescaledb_experimental")

BY_PATTERN: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        ("runs-sql", r".*_to_xml.*|dblink.*|crosstab.*|connectby.*|xpath_table"),
        ("large-object", r"lo_.*|loread|lowrite"),
        ("transaction", r"txid_.*"),
        ("privileges", r"has_.*|acl.*|.*aclitem.*"),
        ("catalogue", r"to_reg.*|.*_description|postgis_constraint_.*|postgis_typmod_.*"),
        ("connection", r"inet_.*"),
        ("crypto", r"pgp_.*|gen_salt|gen_random_bytes"),
        ("maintenance", r"brin_.*|gin_clean.*"),
        ("handler", r".*_(handler|validator)"),
        ("server", r"pg_.*"),
        ("private", r"_.*"),
        ("chunks", r".*_?chunks?(_.*|$)|.*_tablespaces?"),
        ("jobs", r".*_(job|policy|policies)"),
    )
)

_REFUSED_NAMES: Mapping[str, str] = {
    "settings": "set_config current_setting setseed set_limit get_current_ts_config",
    "sequence": "nextval currval lastval setval",
    "runs-sql": "ts_stat ts_rewrite ts_debug st_findextent",
    # A table's row type bears its name: an object id in, another schema's table name out.
    "catalogue": """
        format_type oidvectortypes regclass row_security_active satisfies_hash_partition find_srid
        st_estimatedextent amvalidate""",
    # Harmless about a readable relation only: the guard would have to judge the argument.
    "relation-size": "pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size",
    # The time-based identifiers carry the server's network address.
    "connection": "current_query system_user uuid_generate_v1 uuid_generate_v1mc",
    "transaction": "mxid_age gettransactionid",
    # One SELECT with these ends the whole server by a segmentation fault (PostGIS 3.3 and 3.5).
    "crashes": "st_geomfromtwkb st_frechetdistance",
    "crypto": "crypt",
    "type-io": "enum_send",
    # PROJ opens the files that a pipeline names, and no timeout ends a read that blocks.
    "files": """
        postgis_transform_geometry postgis_transform_pipeline_geometry st_transformpipeline
        st_inversetransformpipeline postgis_full_version postgis_proj_version xmlvalidate""",
    "ddl": """
        addgeometrycolumn dropgeometrycolumn dropgeometrytable updategeometrysrid
        populate_geometry_columns postgis_extensions_upgrade st_fromflatgeobuf
        st_fromflatgeobuftotable add_dimension create_hypertable by_hash by_range
        set_adaptive_chunking set_chunk_time_interval set_integer_now_func set_number_partitions
        set_partitioning_interval timescaledb_pre_restore timescaledb_post_restore""",
    "locks": """
        lockrow unlockrows addauth checkauth checkauthtrigger enablelongtransactions
        disablelongtransactions longtransactionsenabled""",
}
BY_NAME = {name: reason for reason, names in _REFUSED_NAMES.items() for name in names.split()}

_CALLED_BY_POSTGRES = words("procedure security-definer trigger handler internal type-io")

# Pointless rather than harmful: no argument against another overload of the same name.
_POINTLESS = ("transition", "index-support")


def refusal(function: Function) -> str | None:
    """Return the reason word for which this overload is refused, or None when it may be called."""
    if CLOSED_SCHEMAS.fullmatch(function.schema):
        return "internal-schema"
    if function.origin in CLOSED_EXTENSIONS:
        return "extension"
    if function.name not in COMPANIONS.get(function.origin, {function.name}):
        return "extension"
    if function.name in WELCOME.get(function.origin, ()):
        return function.structure if function.structure in _CALLED_BY_POSTGRES else None
    if reason := BY_NAME.get(function.name):
        return reason
    matching = (word for word, pattern in BY_PATTERN if pattern.fullmatch(function.name))
    return next(matching, function.structure)


def shown_name(function: Function) -> str:
    """Return the name as the lists have it: with its schema where only that can reach it."""
    closed = CLOSED_SCHEMAS.fullmatch(function.schema)
    return f"{function.schema}.{function.name}" if closed else function.name


def sort_names(functions: Iterable[Function]) -> dict[str, dict[str, str | None]]:
    """Return origin -> name -> reason; None only where every overload may be called."""
    found: dict[str, dict[str, set[str | None]]] = {}
    for function in functions:
        names = found.setdefault(function.origin, {})
        names.setdefault(shown_name(function), set()).add(refusal(function))
    return {
        origin: {name: _worst(reasons) for name, reasons in names.items()}
        for origin, names in found.items()
    }


def _worst(reasons: set[str | None]) -> str | None:
    grave = reasons - set(_POINTLESS) if None in reasons else reasons
    return min((reason for reason in grave if reason), default=None)
