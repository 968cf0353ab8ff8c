--- points and distances [postgis]
SELECT ST_Distance(a.geom::geography, ST_SetSRID(ST_MakePoint(36.8, -1.3), 4326)::geography) FROM (SELECT ST_SetSRID(ST_MakePoint(lng, lat), 4326) AS geom FROM position_history LIMIT 5) a
SELECT imei, ST_AsText(geom), ST_X(geom), ST_Y(geom), ST_SRID(geom) FROM tracksolid.live_positions
SELECT geom FROM position_history LIMIT 3
SELECT l.imei FROM live_positions l WHERE ST_DWithin(l.geom::geography, ST_Point(36.82, -1.29, 4326)::geography, 50000)
SELECT imei FROM live_positions ORDER BY geom <-> ST_SetSRID(ST_MakePoint(36.8, -1.3), 4326) LIMIT 3
SELECT ST_DistanceSphere(ST_MakePoint(36, -1), ST_MakePoint(37, -1)), ST_Azimuth(ST_MakePoint(0,0), ST_MakePoint(1,1)), ST_GeoHash(ST_MakePoint(36, -1), 6)
SELECT ST_Within(ST_MakePoint(1, 1), ST_MakeEnvelope(0, 0, 2, 2)), ST_DWithin('POINT(0 0)'::geography, 'POINT(0 1)'::geography, 200000)
SELECT geom && ST_MakeEnvelope(36, -2, 37, -1, 4326), geom @ ST_MakeEnvelope(36, -2, 37, -1, 4326) FROM live_positions
SELECT q.geom FROM (SELECT ST_MakePoint(1,2) AS geom) q WHERE q.geom IS NOT NULL
SELECT 'SRID=4326;POINT(36.8 -1.3)'::geometry, 'POINT(1 2)'::geometry(Point, 4326) IS NULL FROM devices WHERE false
SELECT ST_Transform(ST_SetSRID(ST_MakePoint(36, -1), 4326), 32737), ST_Buffer(ST_MakePoint(0, 0)::geography, 100)
SELECT ST_Transform(geom, 3857), ST_Transform(geom, ST_SRID(geom)) FROM live_positions LIMIT 2
SELECT public.ST_AsEWKT(geom), ST_AsBinary(geom), ST_AsKML(geom), ST_AsLatLonText(geom), ST_Summary(geom) FROM live_positions LIMIT 1
--- tracks and areas [postgis]
SELECT imei, ST_MakeLine(geom ORDER BY gps_time) FROM position_history WHERE gps_time >= '2026-10-31' GROUP BY imei
SELECT imei, ST_Length(ST_MakeLine(geom ORDER BY gps_time)::geography) / 1000 FROM position_history GROUP BY imei
SELECT ST_AsGeoJSON(ST_Collect(geom)) FROM live_positions
SELECT ST_AsGeoJSON(l.*) FROM live_positions l LIMIT 1
SELECT ST_ClusterDBSCAN(geom, eps := 0.01, minpoints := 5) OVER () FROM live_positions
SELECT ST_ClusterKMeans(geom, 3) OVER () FROM live_positions
SELECT ST_AsText(ST_Centroid(ST_Collect(geom))), ST_Extent(geom), ST_ConvexHull(ST_Collect(geom)) FROM live_positions
SELECT (ST_DumpPoints(ST_MakeLine(ST_MakePoint(0, 0), ST_MakePoint(1, 1)))).geom, (ST_Dump('MULTIPOINT(0 0, 1 1)'::geometry)).path
SELECT count(*), h.geom FROM ST_HexagonGrid(0.5, ST_MakeEnvelope(36, -2, 38, 0, 4326)) h LEFT JOIN live_positions l ON ST_Intersects(l.geom, h.geom) GROUP BY h.geom
SELECT (h).geom FROM ST_SquareGrid(0.5, ST_MakeEnvelope(0,0,1,1)) h
SELECT ST_AsMVT(t.*, 'x') FROM (SELECT ST_AsMVTGeom(ST_MakePoint(0,0), ST_TileEnvelope(0,0,0)) AS geom) t
SELECT ST_LineLocatePoint('LINESTRING(0 0,1 1)', 'POINT(.5 .5)'), ST_Simplify('LINESTRING(0 0,1 1,2 2)', 0.1), ST_LineInterpolatePoint('LINESTRING(0 0,1 1)', 0.5), ST_NPoints('LINESTRING(0 0,1 1)')
SELECT ST_Area(ST_MakeEnvelope(36, -2, 37, -1, 4326)::geography), ST_Contains(ST_MakeEnvelope(0,0,2,2), ST_MakePoint(1,1)), ST_IsValid('POLYGON((0 0,1 1,1 0,0 0))'::geometry)
SELECT ST_Union(ST_MakeEnvelope(0,0,1,1), ST_MakeEnvelope(1,0,2,1)), ST_Intersection(ST_MakeEnvelope(0,0,2,2), ST_MakeEnvelope(1,1,3,3)), ST_Difference(ST_MakeEnvelope(0,0,2,2), ST_MakeEnvelope(1,1,3,3))
SELECT ST_GeomFromText('POINT(1 2)', 4326), ST_GeomFromGeoJSON('{"type":"Point","coordinates":[1,2]}'), ST_GeogFromText('POINT(1 2)'), ST_GeomFromWKB('\x0101000000000000000000f03f0000000000000040')
SELECT PostGIS_Version(), PostGIS_Lib_Version(), GeometryType('POINT(1 2)'::geometry), ST_GeometryType('POINT(1 2)'::geometry)
SELECT ST_SymDifference(ST_MakeEnvelope(0,0,2,2), ST_MakeEnvelope(1,1,3,3)), ST_GeneratePoints(ST_MakeEnvelope(0,0,1,1), 3), ST_HausdorffDistance('LINESTRING(0 0,1 1)', 'LINESTRING(0 1,1 0)')
SELECT ST_Subdivide(ST_Buffer('POINT(0 0)'::geometry, 1), 10), ST_SnapToGrid('POINT(1.23 4.56)'::geometry, 0.1), ST_Project('POINT(0 0)'::geography, 1000, 0.5), ST_Segmentize('LINESTRING(0 0,1 1)'::geometry, 0.5)
SELECT box2d(ST_MakePoint(1, 2)), ST_XMin(ST_Extent(geom)), ST_YMax(ST_Extent(geom)), ST_Expand(ST_Extent(geom), 1) FROM live_positions
--- buckets [timescaledb]
SELECT time_bucket('1 hour', gps_time) AS b, imei, avg(speed) FROM tracksolid.position_history GROUP BY 1, 2 ORDER BY 1
SELECT time_bucket('1 day', gps_time, 'Africa/Nairobi') AS b, count(*) FROM position_history GROUP BY b
SELECT time_bucket(INTERVAL '15 minutes', gps_time, "offset" => INTERVAL '5 minutes'), first(speed, gps_time), last(speed, gps_time) FROM position_history GROUP BY 1
SELECT public.time_bucket('1 week', gps_time, timestamptz '2026-01-05'), count(DISTINCT imei) FROM position_history GROUP BY 1
SELECT imei, last(lat, gps_time), last(lng, gps_time), max(gps_time) FROM position_history GROUP BY imei
SELECT histogram(speed, 0, 120, 6) FROM position_history
SELECT imei, histogram(speed::float8, 0.0, 120.0, 4) FROM position_history GROUP BY imei
SELECT approximate_row_count('tracksolid.position_history')
SELECT approximate_row_count('position_history')
SELECT hypertable_size('tracksolid.position_history'), pg_size_pretty(hypertable_size('position_history'))
SELECT * FROM hypertable_detailed_size('tracksolid.position_history')
SELECT count(*) FROM position_history WHERE gps_time BETWEEN '2026-10-30' AND '2026-10-31'
SELECT time_bucket(10, speed::int), count(*) FROM position_history GROUP BY 1
--- gap filling [tsl]
SELECT time_bucket_gapfill('1 hour', gps_time, '2026-10-30', '2026-10-31') AS b, locf(avg(speed)), interpolate(avg(speed)) FROM position_history WHERE gps_time > '2026-10-30' GROUP BY b
--- similarity [pg_trgm]
SELECT similarity('KCA 123A', 'KCA123A'), 'a' % 'b', word_similarity('a', 'b'), 'a' <-> 'b', show_trgm('abc')
SELECT vehicle_number FROM devices ORDER BY vehicle_number <-> 'KCA 100B' LIMIT 3
--- other contributed functions [hstore ltree unaccent fuzzystrmatch cube earthdistance citext intarray pgcrypto]
SELECT 'a=>1'::hstore -> 'a', hstore('a', 'b'), akeys('a=>1'), (each('a=>1'::hstore)).*, 'a=>1'::hstore ? 'a'
SELECT 'a.b'::ltree @> 'a.b.c', nlevel('a.b'), subpath('a.b.c', 1)
SELECT unaccent('é'), levenshtein('a', 'b'), soundex('x'), metaphone('abc', 4), dmetaphone('x')
SELECT earth_distance(ll_to_earth(-1.3, 36.8), ll_to_earth(-1.2, 36.9)), point(1, 2) <@> point(2, 3), cube(1, 2)
SELECT 'A'::citext = 'a', sort('{3,1}'::int[]), icount('{1}'), digest('a', 'sha256'), hmac('a', 'b', 'md5')
SELECT round(avg(x), 2), max(x), replace('a', 'b', 'c'), split_part('a', 'b', 1), sum(x) FROM generate_series(1, 2) x
