--- the plain attacks
SELECT 'pg_class'::regclass
SELECT CAST('now' AS regproc)
SELECT regclass 'pg_class'
SELECT i::regclass FROM generate_series(1, 3) i
SELECT i::oid::regrole FROM generate_series(1, 3) i
SELECT '{pg_class}'::regclass[]
SELECT '{pg_class}'::_regclass
SELECT 'x'::refcursor
SELECT NULL::secret.salaries
SELECT NULL::pg_class
SELECT (10::oid).regrole
SELECT g.regrole FROM generate_series(10, 12) g
SELECT g.regnamespace FROM generate_series(11, 11) g
SELECT (i::oid).regtype FROM generate_series(16384, 17500) i
SELECT ('{1259,16390}'::text)._regclass
SELECT g._regclass FROM lower('{1259}') g
SELECT (SELECT 10::oid).regrole
SELECT (ARRAY[10::oid])[1].regrole
SELECT ('{10}'::text)._regrole
SELECT ('x'::text).refcursor
SELECT * FROM jsonb_populate_recordset(NULL::pg_catalog.pg_sequences, '[]')
SELECT '{}'::_pg_class
SELECT * FROM json_to_record('{"a": 1}') AS t(a regclass)
SELECT * FROM XMLTABLE('/a' PASSING xml '<a/>' COLUMNS a regclass PATH '.')
--- more casts that look names up
SELECT 'secret.salaries'::regclass::oid
SELECT CAST('{1259}' AS regclass[])
SELECT pg_catalog.regclass '1259'
SELECT 'postgres'::pg_catalog.regrole
SELECT '10'::regrole::text
SELECT 'secret'::regnamespace
SELECT 'pg_sleep'::regproc
SELECT 'pg_sleep(float8)'::regprocedure
SELECT '+'::regoper, '+(int4,int4)'::regoperator
SELECT 'secret.t'::regtype
SELECT '"C"'::regcollation
SELECT NULL::aclitem, 'postgres=r/postgres'::aclitem
SELECT ARRAY['devices']::regclass[]
SELECT ROW('devices')::pg_class
SELECT t.tableoid::regclass, count(*) FROM tracksolid.position_history t GROUP BY 1
SELECT coalesce('1259'::regclass, NULL)
SELECT '1259' = ANY ('{1259}'::regclass[])
SELECT * FROM jsonb_populate_record(NULL::pg_authid, '{}')
SELECT * FROM jsonb_to_record('{"a": "1259"}') AS t(a regclass)
SELECT * FROM json_to_recordset('[{"a": 1}]') AS t(a pg_catalog.regrole)
SELECT * FROM ROWS FROM (json_to_record('{"a": 1}') AS (a regtype)) z
SELECT JSON_VALUE('{"a":"1259"}', '$.a' RETURNING regclass)
SELECT * FROM JSON_TABLE('[1259]', '$[*]' COLUMNS (a regclass PATH '$'))
SELECT JSON_SERIALIZE('{}' RETURNING regclass)
SELECT xmlserialize(CONTENT '<a/>'::xml AS regclass)
SELECT NULL::pg_stat_activity
SELECT NULL::information_schema.sql_identifier
SELECT NULL::pg_toast.pg_toast_1
SELECT g.regproc FROM generate_series(1, 10) g
SELECT ('(1259)'::text).pg_am
SELECT (('(1259,a,1242,i)'::text).pg_am).amhandler
SELECT (1259).pg_class
SELECT q.pg_authid FROM (SELECT '(1)'::text AS x) q
