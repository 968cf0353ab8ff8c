--- dates and times
SELECT now(), current_date, current_timestamp(3), localtime, current_user, current_catalog
SELECT current_time, localtimestamp(0), session_user, user, current_role, current_schema
SELECT clock_timestamp(), statement_timestamp(), timeofday(), transaction_timestamp()
SELECT extract(dow FROM now()), date_part('hour', now()), date_trunc('day', now())
SELECT now() AT TIME ZONE 'Africa/Nairobi', timestamptz '2026-01-01 00:00+03'
SELECT timezone('Africa/Nairobi', now()), now() AT TIME ZONE 'UTC' AT TIME ZONE 'Africa/Nairobi', now() AT TIME ZONE interval '3 hours'
SELECT now() - interval '30 days', interval '1' day, make_interval(days => 3), age(now(), now())
SELECT date '2026-01-01' + 3, date_bin('15 minutes', now(), '2000-01-01'), to_char(now(), 'YYYY-MM')
SELECT make_date(2026, 11, 1), make_timestamptz(2026, 1, 1, 0, 0, 0, 'Africa/Nairobi'), make_time(1, 2, 3), make_timestamp(2026, 1, 1, 0, 0, 0)
SELECT age(timestamp '2026-11-01', timestamp '2025-01-01'), justify_interval(interval '40 days'), extract(isodow FROM now()), extract(epoch FROM interval '1 day')
SELECT now()::time, date 'yesterday', timestamp 'epoch', 'now'::timestamptz, date 'today' - 7
SELECT isfinite(date 'infinity'), date_part('week', now()), to_timestamp(1700000000), to_date('2026-01-02', 'YYYY-MM-DD')
SELECT (now(), now()) OVERLAPS (now(), interval '1 day')
SELECT interval '1-2', interval '3 4:05:06', interval 'P1Y2M', 2 * interval '1 hour', interval '1 hour' / 3, extract(day FROM interval '40 days')
SELECT date '2026-11-01' - date '2026-10-01', timestamp '2026-11-01' - timestamp '2026-10-31', (now() - interval '1 month')::date
SELECT date '0044-03-15 BC', timestamptz 'infinity', time '24:00', timetz '12:00+03', interval '-1 day'
SELECT to_char(gps_time, 'YYYY-MM-DD HH24:MI:SS TZ'), to_char(speed, 'FM999.00') FROM tracksolid.position_history LIMIT 10
SELECT extract(timezone FROM now()), extract(quarter FROM now()), extract(julian FROM date '2026-01-01'), extract(millennium FROM now())
SELECT '2026-01-01'::timestamptz(0), '5'::numeric(10,2), 'x'::char(5)::varchar(3), '1 day'::interval day to hour, interval '90' minute
--- dates and times [since 16]
SELECT date_add(timestamptz '2026-10-31', '1 day', 'Africa/Nairobi'), date_subtract(now(), '1 day')
--- dates and times [since 17]
SELECT now() AT LOCAL, 'infinity'::interval, to_char(now(), 'TZH')
--- numbers
SELECT '1'::int, CAST('2.5' AS numeric(4, 2)), '{1,2}'::int[], 'x'::varchar(3), 1::text::bytea
SELECT round(1.234::numeric, 2), ceil(1.2), floor(1.2), trunc(1.9), abs(-1), sign(-2), power(2, 3), 2 ^ 3, |/ 4, ||/ 8, @ -1
SELECT exp(1), log(100), log(2, 8), cbrt(27), 7 % 3, 5 / 2.0, sin(1), atan2(1, 2), degrees(pi()), factorial(5), gcd(4, 6), lcm(4, 6)
SELECT width_bucket(5, 0, 10, 5), round(2.5), div(7, 2), mod(7, 2), sqrt(2), ln(2), pi(), degrees(1)
SELECT 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 4, 16 >> 2, B'101' & B'110', ('x' || md5('a'))::bit(32)::int
SELECT 'NaN'::float8, '-Infinity'::numeric, 1e308, 12345678901234567890, .5, 1e-3
SELECT greatest(1, 2, NULL), least(3, NULL), num_nulls(1, NULL), num_nonnulls(1, NULL)
SELECT cast(1 AS double precision), 1::float4, '5'::int2, '1e3'::float8::int, 'yes'::boolean, 't'::bool, 1::money::numeric
SELECT random() < 2, floor(random() * 100)::int < 100, gen_random_uuid() IS NOT NULL
SELECT scale(1.20), trim_scale(1.20), min_scale(1.20), to_number('1,234', '9,999'), to_char(1234.5, 'FM9,999.00')
--- numbers [since 16]
SELECT random_normal() IS NOT NULL, erf(0.5), array_shuffle(ARRAY[1]), array_sample(ARRAY[1, 2], 1), any_value(1)
--- numbers [since 17]
SELECT random(1, 6) < 7, to_bin(5), to_oct(8)
--- newest functions [since 18]
SELECT uuidv7() IS NOT NULL, casefold('A'), reverse('ab'::bytea), crc32('a'), array_sort(ARRAY[2, 1]), array_reverse(ARRAY[1, 2])
--- texts
SELECT imei, regexp_replace(imei, '(\d{4})\d+', '\1***') FROM tracksolid.devices
SELECT imei FROM tracksolid.devices WHERE imei ~ '^\d{15}$' AND imei !~* 'x'
SELECT string_agg(imei, E'\n' ORDER BY imei) FROM tracksolid.devices
SELECT imei, split_part(imei, '0', 1), left(imei, 4), right(imei, 4), lpad(imei, 20, '0'), btrim(imei) FROM tracksolid.devices
SELECT format('%s – %s', imei, 'x'), concat_ws(', ', imei, NULL, 'b'), initcap('abc def'), reverse('abc'), repeat('*', 5) FROM devices
SELECT translate('abc', 'ab', 'xy'), ascii('a'), chr(65), quote_literal('a'), quote_ident('A b'), quote_nullable(NULL), to_hex(255)
SELECT length('é'), octet_length('é'), char_length('x'), bit_length('x'), strpos('abc', 'b'), position('b' IN 'abc'), starts_with('abc', 'a'), 'abc' ^@ 'a'
SELECT overlay('abc' placing 'x' from 2), substring('abc' from 1 for 2), trim(both 'x' from 'xax')
SELECT substring('abc' FROM '[ab]+'), substring('x12' SIMILAR 'x#"[0-9]+#"' ESCAPE '#'), overlay('abcdef' PLACING 'zz' FROM 2 FOR 2), trim(LEADING '0' FROM '007'), trim(TRAILING FROM 'a ')
SELECT 'a' COLLATE "C", collation for ('a'::text), pg_typeof(1)::text, pg_column_size(1), pg_size_pretty(1024::bigint)
SELECT CAST(pg_typeof(lat) AS text), pg_column_size(p.*) FROM live_positions p LIMIT 1
SELECT regexp_count('banana', 'a'), regexp_instr('banana', 'n'), regexp_like('a', 'A', 'i'), regexp_substr('a1', '\d')
SELECT regexp_match('a1', '(\w)(\d)'), regexp_split_to_array('a,b', ','), string_to_array('a,b', ','), array_to_string(ARRAY['a', NULL], ',', '-')
SELECT * FROM regexp_split_to_table('a,b', ',') AS part, string_to_table('a,b', ',') s
SELECT md5('a'), sha256('a'::bytea), encode(sha256('x'), 'hex'), encode('a'::bytea, 'base64'), decode('YQ==', 'base64'), hashtext('a')
SELECT upper('a'), lower('A'), "left"('abc', 2), pg_catalog.lower('A'), pg_catalog.count(*) OVER ()
SELECT convert_from('a'::bytea, 'UTF8'), convert_to('a', 'LATIN1'), get_byte('a'::bytea, 0), set_bit(B'101', 1, 1), bit_count(B'101')
SELECT normalize('é', NFC), 'é' IS NFC NORMALIZED, 'e' IS NOT NFD NORMALIZED, unistr('\0061')
SELECT concat(VARIADIC ARRAY['a', 'b']), format('%1$s', VARIADIC ARRAY['x']), speed::text || ' km/h' FROM live_positions LIMIT 1
SELECT version() IS NOT NULL, current_database(), getdatabaseencoding(), current_schemas(false)
--- texts [since 16]
SELECT pg_input_is_valid('2026', 'date'), (pg_input_error_info('1x', 'int4')).message
--- arrays and ranges
SELECT array_agg(x ORDER BY x DESC), array_length(array_agg(x), 1), (array_agg(x))[1] FROM unnest(ARRAY[3,1,2]) x
SELECT 'a' = ANY(string_to_array('a,b', ',')), ARRAY[1,2] && ARRAY[2,3], ARRAY[1,2] <@ ARRAY[1,2,3], ARRAY[[1,2],[3,4]]
SELECT ARRAY[1,2] || 3, array_position(ARRAY[1,2], 2), cardinality(ARRAY[1]), array_remove(ARRAY[1,1], 1), array_fill(0, ARRAY[2]), trim_array(ARRAY[1,2], 1)
SELECT generate_subscripts(ARRAY[1,2], 1), unnest(ARRAY[1,2]), ARRAY[]::text[], '{}'::int[]
SELECT imei, ARRAY(SELECT 1), unnest(ARRAY['a', 'b']) FROM tracksolid.devices
SELECT tstzrange(now() - interval '1 day', now()) @> now() - interval '1 hour', daterange('2026-01-01', '2026-02-01', '[]')
SELECT range_agg(r), range_intersect_agg(r) FROM (VALUES (int4range(1, 3)), (int4range(2, 6))) v(r)
SELECT lower(r), upper(r) FROM (SELECT unnest(range_agg(tstzrange(now(), now() + interval '5 min'))) AS r) q
SELECT int4range(1, 5) * int4range(3, 8), isempty(int4range(1,1)), multirange(int4range(1,2)), unnest('{[1,2)}'::int4multirange), int4range(1, 2) -|- int4range(2, 3)
SELECT range_merge(int4range(1, 2), int4range(5, 6)), lower_inc(int4range(1, 2)), numrange(1, 2) + numrange(2, 3), '[1,5]'::int8range - '[3,9]'::int8range
--- aggregates
SELECT string_agg(imei, ',' ORDER BY imei DESC), array_agg(DISTINCT imei) FROM tracksolid.devices
SELECT bool_and(true), every(true), corr(1, 2), stddev(1), mode() WITHIN GROUP (ORDER BY 1)
SELECT bit_and(1), bit_or(2), bit_xor(3), max(1), min('a'), sum(1.5), avg(2), variance(1), covar_pop(1, 2), regr_r2(1, 2)
SELECT array_agg(ALL imei) FILTER (WHERE imei IS NOT NULL) FROM devices
SELECT max(x) FILTER (WHERE k = 'a') AS a, max(x) FILTER (WHERE k = 'b') AS b FROM (VALUES ('a', 1), ('b', 2)) t(k, x)
SELECT min(start_time), max(start_time), max(start_time) - min(start_time) FROM trips
--- JSON
SELECT json_build_object('a', 1), jsonb_agg(d) FROM tracksolid.devices d
SELECT '{"a": [1, 2]}'::jsonb -> 'a' ->> 0, '{"a": 1}'::jsonb @> '{}', jsonb_path_query_first('{"a": 1}', '$.a')
SELECT row_to_json(d) FROM tracksolid.devices d LIMIT 1
SELECT * FROM jsonb_to_recordset('[{"a": 1}]') AS t(a int, b text)
SELECT jsonb_build_object('imei', imei, 'trips', jsonb_agg(jsonb_build_object('s', t.*))) FROM tracksolid.trips t GROUP BY imei
SELECT jsonb_object_keys(to_jsonb(d)) FROM tracksolid.devices d
SELECT * FROM jsonb_array_elements('[1,2,3]') WITH ORDINALITY AS e(v, i)
SELECT ('{"a":{"b":[10,20]}}'::jsonb #>> '{a,b,1}')::int, '{"a":1}'::jsonb ? 'a', '{"a":1}'::jsonb ?| ARRAY['a']
SELECT jsonb_path_query_array('[{"s":1},{"s":5}]', '$[*] ? (@.s > 2)'), '[1]'::jsonb @? '$[0]', '[1]'::jsonb @@ '$[0] == 1'
SELECT '{"a":1}'::jsonb || '{"b":2}'::jsonb - 'a', jsonb_set('{}', '{a}', '1'), jsonb_pretty('{"a":1}'), jsonb_strip_nulls('{"a":null}')
SELECT ('[1,2]'::jsonb)[0], ('{"a": {"b": 1}}'::jsonb)['a']['b']
SELECT to_json(now()), to_jsonb(1), row_to_json(ROW(1, 2)), json_build_array(1, 'a'), array_to_json(ARRAY[1]), json_typeof('1')
SELECT * FROM json_populate_recordset(NULL::reporting.cost_centres, '[{"code":"x"}]')
SELECT json_object('{a,1}'), json_object_agg('a', 1), jsonb_object_agg('a', 1), json_array_length('[1]')
--- SQL/JSON constructors [since 16]
SELECT JSON_OBJECT('a': 1, 'b': NULL ABSENT ON NULL), JSON_ARRAY(1, 2), JSON_ARRAY(SELECT 1), '{}' IS JSON, '[]' IS JSON ARRAY WITH UNIQUE KEYS
SELECT JSON_OBJECTAGG(imei: 1), JSON_ARRAYAGG(imei ORDER BY imei RETURNING jsonb) FROM devices
--- SQL/JSON queries [since 17]
SELECT JSON_VALUE('{"a":1}', '$.a' RETURNING int), JSON_QUERY('{"a":[1]}', '$.a' WITH WRAPPER), JSON_EXISTS(jsonb '{"a":1}', '$.a')
SELECT j.* FROM JSON_TABLE('[{"a":1}]', '$[*]' COLUMNS (n FOR ORDINALITY, a int PATH '$.a' DEFAULT 0 ON EMPTY)) j
SELECT * FROM JSON_TABLE('{"v":[{"x":[1,2]}]}', '$.v[*]' COLUMNS (NESTED PATH '$.x[*]' COLUMNS (y int PATH '$'))) AS t
SELECT JSON('{}'), JSON_SCALAR(1), JSON_SERIALIZE('{}' RETURNING text), JSON_VALUE(jsonb '{"a":1}', '$.a + $x' PASSING 2 AS x)
--- text search
SELECT to_tsvector('english', 'fleet') @@ to_tsquery('fleet'), lag(1) OVER ()
SELECT ts_rank(to_tsvector('english', 'the fleet moved'), plainto_tsquery('english', 'fleet moving')), ts_headline('fleet moved', websearch_to_tsquery('fleet -stop'))
SELECT to_tsvector('simple', 'x y'), 'a & b'::tsquery, phraseto_tsquery('a b'), setweight(to_tsvector('a'), 'A'), numnode('a & b'::tsquery), strip('a:1'::tsvector)
SELECT ticket_number FROM inc_tickets WHERE to_tsvector('english', summary) @@ websearch_to_tsquery('english', 'fibre or power')
--- other types
SELECT host('10.0.0.1'::inet), inet '10.0.0.1' << cidr '10/8', macaddr '08:00:2b:01:02:03', masklen('10/8'::cidr), broadcast('10/8'::inet)
SELECT point(36.8, -1.3) <-> point(36.9, -1.2), box '((0,0),(1,1))' @> point '(0.5,0.5)', circle(point(0,0), 5), '[(0,0),(1,1)]'::lseg, area(box '((0,0),(1,1))')
SELECT '0/1'::pg_lsn, '550e8400-e29b-41d4-a716-446655440000'::uuid, '\x01'::bytea, '(1,1)'::tid, '1'::xid, 'a'::name, 'b'::"char", '$.a'::jsonpath
SELECT '10:20:10,14'::pg_snapshot, '1'::xid8, 12::oid, '1 2'::int2vector
--- XML [xml]
SELECT xmlelement(name a, 'x'), xpath('/a/text()', '<a>1</a>'::xml)
SELECT * FROM XMLTABLE('/a/b' PASSING xml '<a><b>1</b></a>' COLUMNS b int PATH '.')
SELECT xmlelement(name trip, xmlattributes(1 AS id), xmlforest('x' AS y)), xmlagg(xmlelement(name a)), xmlserialize(CONTENT xmlcomment('a') AS text)
SELECT xmlparse(DOCUMENT '<a/>'), xmlroot('<a/>'::xml, VERSION '1.0'), '<a/>'::xml IS DOCUMENT, xmlconcat('<a/>', '<b/>'), xmlpi(name x), xmlexists('/a' PASSING '<a/>')
