"""The parse tree that a question may consist of: node types, and the fields each may carry.

Names are those of PostgreSQL 17's parse nodes as libpg_query prints them (``parsenodes.h``,
``primnodes.h``). What is not listed here is refused: a node or a field that a newer grammar adds
stays outside until somebody has read what it does.
"""

from __future__ import annotations

_TABLE = """
SelectStmt: distinctClause targetList fromClause whereClause groupClause groupDistinct
    havingClause windowClause valuesLists sortClause limitOffset limitCount limitOption
    withClause op all larg rarg
WithClause: ctes recursive
CommonTableExpr: ctename aliascolnames ctematerialized ctequery search_clause cycle_clause
CTESearchClause: search_col_list search_breadth_first search_seq_column
CTECycleClause: cycle_col_list cycle_mark_column cycle_mark_value cycle_mark_default
    cycle_path_column
RangeVar: catalogname schemaname relname inh relpersistence alias
RangeSubselect: lateral subquery alias
RangeFunction: lateral ordinality is_rowsfrom functions alias coldeflist
RangeTableSample: relation method args repeatable
RangeTableFunc: lateral docexpr rowexpr namespaces columns alias
RangeTableFuncCol: colname typeName for_ordinality is_not_null colexpr coldefexpr
JoinExpr: jointype isNatural larg rarg usingClause join_using_alias quals alias
Alias: aliasname colnames
ColumnDef: colname typeName is_local collClause
ResTarget: name val
ColumnRef: fields
A_Star:
A_Const: isnull ival fval boolval sval bsval
A_Expr: kind name lexpr rexpr
A_ArrayExpr: elements
A_Indices: is_slice lidx uidx
A_Indirection: arg indirection
FuncCall: funcname args agg_order agg_filter over agg_within_group agg_star agg_distinct
    func_variadic funcformat
NamedArgExpr: arg name argnumber
WindowDef: name refname partitionClause orderClause frameOptions startOffset endOffset
SortBy: node sortby_dir sortby_nulls useOp
GroupingSet: kind content
GroupingFunc: args
TypeCast: arg typeName
TypeName: names setof typmods typemod arrayBounds
CollateClause: arg collname
BoolExpr: boolop args
NullTest: arg nulltesttype argisrow
BooleanTest: arg booltesttype
CaseExpr: arg args defresult
CaseWhen: expr result
CoalesceExpr: args
MinMaxExpr: op args
RowExpr: args row_format colnames
SubLink: subLinkType testexpr operName subselect
SQLValueFunction: op type typmod
XmlExpr: op name named_args arg_names args xmloption type typmod indent
XmlSerialize: xmloption expr typeName indent
JsonFormat: format_type encoding
JsonReturning: format typid typmod
JsonValueExpr: raw_expr formatted_expr format
JsonOutput: typeName returning
JsonKeyValue: key value
JsonObjectConstructor: exprs output absent_on_null unique
JsonArrayConstructor: exprs output absent_on_null
JsonArrayQueryConstructor: query output format absent_on_null
JsonAggConstructor: output agg_filter agg_order over
JsonObjectAgg: constructor arg absent_on_null unique
JsonArrayAgg: constructor arg absent_on_null
JsonIsPredicate: expr format item_type unique_keys
JsonParseExpr: expr output unique_keys
JsonScalarExpr: expr output
JsonSerializeExpr: expr output
JsonArgument: val name
JsonBehavior: btype expr coerce
JsonFuncExpr: op column_name context_item pathspec passing output on_empty on_error wrapper quotes
JsonTable: context_item pathspec passing columns on_error alias lateral
JsonTablePathSpec: string name
JsonTableColumn: coltype name typeName pathspec format wrapper quotes columns on_empty on_error
List: items
String: sval
Integer: ival
Float: fval
Boolean: boolval
BitString: bsval
"""

# Every node may also say where it stands; these carry positions only.
_POSITIONS = frozenset({"location", "name_location", "list_start", "list_end", "rparen_location"})


def _read(table: str) -> dict[str, frozenset[str]]:
    """Return node name -> allowed field names from the table above."""
    nodes: dict[str, frozenset[str]] = {}
    for entry in table.strip().replace("\n    ", " ").splitlines():
        name, _, fields = entry.partition(":")
        nodes[name] = frozenset(fields.split()) | _POSITIONS
    return nodes


FIELDS = _read(_TABLE)

# libpg_query leaves out the wrapper where a field can hold only one type of node.
BARE = {
    "larg": "SelectStmt",
    "rarg": "SelectStmt",
    "withClause": "WithClause",
    "search_clause": "CTESearchClause",
    "cycle_clause": "CTECycleClause",
    "alias": "Alias",
    "join_using_alias": "Alias",
    "over": "WindowDef",
    "typeName": "TypeName",
    "collClause": "CollateClause",
    "ival": "Integer",
    "fval": "Float",
    "boolval": "Boolean",
    "sval": "String",
    "bsval": "BitString",
    "output": "JsonOutput",
    "returning": "JsonReturning",
    "format": "JsonFormat",
    "constructor": "JsonAggConstructor",
    "context_item": "JsonValueExpr",
    "arg": "JsonKeyValue",
    "value": "JsonValueExpr",
    "val": "JsonValueExpr",
    "on_empty": "JsonBehavior",
    "on_error": "JsonBehavior",
    "pathspec": "JsonTablePathSpec",
}

# The same field holds another type there.
BARE_OF_NODE = {
    ("JsonArrayAgg", "arg"): "JsonValueExpr",
    ("JsonParseExpr", "expr"): "JsonValueExpr",
    ("JsonSerializeExpr", "expr"): "JsonValueExpr",
}
