--- distance and use
SELECT d.imei, d.vehicle_number, count(*) FROM tracksolid.devices d JOIN tracksolid.trips t USING (imei) GROUP BY d.imei, d.vehicle_number ORDER BY 3 DESC
SELECT vehicle_number, sum(distance_km) AS km FROM reporting.v_daily_summary WHERE day >= date '2026-10-25' GROUP BY vehicle_number ORDER BY km DESC LIMIT 10
SELECT cost_centre, round(sum(distance_km), 1) AS km, sum(trips) AS trips FROM reporting.v_daily_summary GROUP BY cost_centre ORDER BY km DESC
SELECT day, vehicle_number, distance_km FROM reporting.v_daily_summary WHERE distance_km = 0 AND day = (SELECT max(day) FROM reporting.v_daily_summary)
SELECT date_trunc('week', day)::date AS week, city, sum(distance_km) FROM reporting.v_daily_summary GROUP BY 1, 2 ORDER BY 1, 2
SELECT to_char(sum(distance_km), '999,999,990.0') AS km FROM reporting.v_daily_summary
SELECT imei, sum(distance_m) / 1000.0 AS km, round(100.0 * sum(distance_m) / sum(sum(distance_m)) OVER (), 1) AS share FROM tracksolid.trips GROUP BY imei
SELECT cost_centre, sum(distance_km) FILTER (WHERE city = 'Nairobi') AS nairobi, sum(distance_km) FILTER (WHERE city = 'Kampala') AS kampala FROM reporting.v_daily_summary GROUP BY 1
SELECT cost_centre, city, sum(distance_km) FROM reporting.v_daily_summary GROUP BY CUBE (cost_centre, city)
SELECT coalesce(cost_centre, 'total') AS cost_centre, sum(distance_km) FROM reporting.v_daily_summary GROUP BY ROLLUP (cost_centre) ORDER BY GROUPING(cost_centre), 1
SELECT a.day, a.distance_km, a.distance_km - b.distance_km AS change FROM v_daily_summary a JOIN v_daily_summary b ON b.imei = a.imei AND b.day = a.day - 1 ORDER BY abs(a.distance_km - b.distance_km) DESC LIMIT 5
SELECT vehicle_number, round(avg(distance_km), 1) AS mean, round(stddev(distance_km), 1) AS spread FROM v_daily_summary GROUP BY 1 HAVING count(*) > 3
SELECT month, cost_centre, distance_km, monthly_budget_kes FROM reporting.v_monthly_cost_centre ORDER BY month DESC, cost_centre
SELECT cost_centre, fuel_litres * 190 AS fuel_kes, round(100 * fuel_litres * 190 / nullif(monthly_budget_kes, 0)) AS percent FROM reporting.v_monthly_cost_centre
SELECT * FROM reporting.fn_cost_centre_distance(date '2026-10-25', date '2026-10-31') WHERE vehicles > 1
SELECT c.code, f.distance_km FROM reporting.cost_centres c LEFT JOIN reporting.fn_cost_centre_distance('2026-10-25', '2026-10-31') f ON f.cost_centre_code = c.code
SELECT d.vehicle_number, count(t.trip_id) FROM tracksolid.devices d LEFT JOIN tracksolid.trips t ON t.imei = d.imei AND t.start_time >= '2026-10-31' GROUP BY d.vehicle_number HAVING count(t.trip_id) = 0
SELECT extract(isodow FROM day)::int AS weekday, round(avg(distance_km), 1) FROM v_daily_summary GROUP BY 1 ORDER BY 1
SELECT gs::date AS day, coalesce(x.n, 0) AS fixes FROM generate_series(timestamp '2026-10-25', '2026-10-31', '1 day') gs LEFT JOIN (SELECT gps_time::date AS d, count(*) AS n FROM tracksolid.position_history GROUP BY 1) x ON x.d = gs::date
SELECT day, sum(distance_km) AS km, sum(sum(distance_km)) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS week FROM v_daily_summary GROUP BY day
SELECT day, sum(sum(distance_km)) OVER (PARTITION BY date_trunc('month', day) ORDER BY day) AS month_to_date FROM v_daily_summary GROUP BY day
SELECT * FROM (SELECT cost_centre, vehicle_number, sum(distance_km) AS km, rank() OVER (PARTITION BY cost_centre ORDER BY sum(distance_km) DESC) AS place FROM v_daily_summary GROUP BY 1, 2) q WHERE place <= 3
SELECT vehicle_model, count(*), array_agg(vehicle_number ORDER BY vehicle_number) FROM tracksolid.devices GROUP BY vehicle_model
SELECT depot, count(*) FILTER (WHERE enabled) AS active, count(*) FILTER (WHERE NOT enabled) AS off FROM devices GROUP BY depot
SELECT vehicle_number, expiration - '2026-11-01' AS left_over FROM devices WHERE expiration < timestamptz '2026-11-01' + interval '90 days'
--- positions, speed and gaps
SELECT * FROM reporting.v_live_positions WHERE state = 'moving' AND speed_kmh > 60
SELECT state, count(*) FROM reporting.fn_live_positions('CC-101') GROUP BY state
SELECT f.vehicle_number, d.depot FROM reporting.fn_live_positions() f JOIN devices d USING (imei)
SELECT date_trunc('day', gps_time) AS day, avg(speed)::numeric(6,2) FROM tracksolid.position_history GROUP BY 1 ORDER BY 1
SELECT date_trunc('day', gps_time AT TIME ZONE 'Africa/Nairobi') AS local_day, max(speed) FROM tracksolid.position_history GROUP BY 1
SELECT date_trunc('hour', gps_time, 'Africa/Nairobi'), count(*) FROM position_history WHERE gps_time >= '2026-10-31' GROUP BY 1
SELECT gps_time::date AS d, extract(hour FROM gps_time AT TIME ZONE 'Africa/Kampala')::int AS h, count(*) FROM tracksolid.position_history GROUP BY d, h
SELECT imei, gps_time, gps_time - lag(gps_time) OVER w AS gap FROM tracksolid.position_history WHERE gps_time >= '2026-10-31' WINDOW w AS (PARTITION BY imei ORDER BY gps_time)
SELECT imei, max(gap) FROM (SELECT imei, gps_time - lag(gps_time) OVER (PARTITION BY imei ORDER BY gps_time) AS gap FROM position_history) q GROUP BY imei HAVING max(gap) > interval '20 minutes'
WITH g AS (SELECT imei, gps_time, sum(CASE WHEN speed = 0 THEN 1 ELSE 0 END) OVER (PARTITION BY imei ORDER BY gps_time) AS grp FROM tracksolid.position_history WHERE gps_time >= '2026-10-30') SELECT imei, grp, min(gps_time), max(gps_time) FROM g GROUP BY 1, 2
SELECT gps_time, sum(CASE WHEN gap > interval '15 min' THEN 1 ELSE 0 END) OVER (ORDER BY gps_time) AS session FROM (SELECT gps_time, gps_time - lag(gps_time) OVER (ORDER BY gps_time) AS gap FROM position_history WHERE imei = (SELECT min(imei) FROM devices)) x
SELECT imei, count(*) FILTER (WHERE speed > 80) * 100.0 / nullif(count(*), 0) AS percent FROM position_history GROUP BY imei
SELECT imei, bool_or(speed > 100) AS speeding, every(speed >= 0) FROM tracksolid.position_history GROUP BY imei HAVING max(speed) > 50
SELECT width_bucket(speed, 0, 120, 12) AS bucket, count(*) FROM tracksolid.position_history GROUP BY 1 ORDER BY 1
SELECT width_bucket(speed::numeric, ARRAY[0, 20, 60, 100]::numeric[]), count(*) FROM tracksolid.position_history GROUP BY 1
SELECT date_bin('15 minutes', gps_time, timestamptz '2026-01-01'), count(DISTINCT imei) FROM tracksolid.position_history GROUP BY 1
SELECT imei, percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY speed) FROM tracksolid.position_history GROUP BY imei
SELECT imei, percentile_disc(0.5) WITHIN GROUP (ORDER BY speed), mode() WITHIN GROUP (ORDER BY direction) FROM tracksolid.position_history GROUP BY 1
SELECT * FROM tracksolid.devices d CROSS JOIN LATERAL (SELECT gps_time, lat, lng FROM tracksolid.position_history p WHERE p.imei = d.imei ORDER BY gps_time DESC LIMIT 1) last
SELECT imei, avg(power_value), min(gps_signal), max(current_mileage) - min(current_mileage) AS odometer FROM position_history GROUP BY imei
SELECT imei, array_agg(DISTINCT gps_time::date ORDER BY gps_time::date) FROM tracksolid.position_history GROUP BY imei
SELECT 6371 * 2 * asin(sqrt(power(sin(radians((lat + 1.29) / 2)), 2) + cos(radians(lat)) * cos(radians(-1.29)) * power(sin(radians((lng - 36.82) / 2)), 2))) AS km FROM live_positions ORDER BY 1
SELECT corr(speed, extract(epoch FROM gps_time)), regr_slope(speed, direction), stddev_pop(speed), var_samp(speed) FROM tracksolid.position_history
SELECT count(*), count(DISTINCT (imei, gps_time::date)) FROM tracksolid.position_history
SELECT imei FROM position_history GROUP BY imei HAVING max(gps_time) < timestamptz '2026-11-01' - '2 days'::interval
SELECT speed, count(*) FROM position_history WHERE gps_time >= date_trunc('month', timestamptz '2026-10-31') AND gps_time < date_trunc('month', timestamptz '2026-10-31') + interval '1 month' GROUP BY speed
SELECT * FROM reporting.fn_vehicle_track((SELECT min(vehicle_number) FROM devices), '2026-10-31', '2026-11-01')
SELECT v.vehicle_number, t.* FROM (SELECT vehicle_number FROM devices ORDER BY 1 LIMIT 2) v, fn_vehicle_track(v.vehicle_number, '2026-10-31', '2026-11-01') t
SELECT imei, gps_time FROM position_history p WHERE gps_time = (SELECT max(gps_time) FROM position_history q WHERE q.imei = p.imei)
--- trips, stays and drivers
SELECT t.imei, t.start_time, extract(epoch FROM t.end_time - t.start_time) / 60 AS minutes FROM tracksolid.trips t ORDER BY 3 DESC LIMIT 10
SELECT start_place, end_place, count(*), round(avg(distance_km), 1) FROM v_trips GROUP BY 1, 2 ORDER BY 3 DESC
SELECT (end_time - start_time) AS duration FROM trips t ORDER BY duration DESC FETCH FIRST 10 ROWS WITH TIES
SELECT imei, justify_hours(sum(make_interval(secs => idle_seconds))) AS idle FROM trips GROUP BY imei
SELECT d.full_name, sum(t.distance_m) / 1000 AS km FROM drivers d JOIN trips t USING (driver_id) WHERE d.active GROUP BY d.driver_id ORDER BY km DESC
SELECT full_name, licence_expires, licence_expires - date '2026-11-01' AS days FROM drivers WHERE licence_expires < date '2026-11-01' + 60
SELECT place, sum(duration_s) / 3600.0 AS hours FROM parking_events GROUP BY place ORDER BY hours DESC LIMIT 5
SELECT a.imei, a.start_time, b.start_time FROM trips a, trips b WHERE a.imei = b.imei AND a.trip_id < b.trip_id AND (a.start_time, a.end_time) OVERLAPS (b.start_time, b.end_time)
SELECT imei, range_agg(tstzrange(start_time, end_time)) FROM trips GROUP BY imei
SELECT imei, unnest(range_agg(tstzrange(gps_time, gps_time + interval '15 min'))) AS covered FROM position_history WHERE gps_time >= '2026-10-31' GROUP BY imei
SELECT unnest(percentile_cont(ARRAY[.25,.5,.75]) WITHIN GROUP (ORDER BY distance_m)) FROM trips
SELECT DISTINCT ON (t.imei) t.* FROM trips t ORDER BY t.imei, t.start_time DESC
SELECT count(*) FROM trips WHERE (start_time AT TIME ZONE 'Africa/Nairobi')::time NOT BETWEEN '06:00' AND '20:00'
SELECT driver_id, ntile(4) OVER (ORDER BY count(*)), rank() OVER (ORDER BY count(*) DESC), dense_rank() OVER (ORDER BY count(*)), cume_dist() OVER (ORDER BY count(*)), percent_rank() OVER (ORDER BY count(*)) FROM tracksolid.trips GROUP BY driver_id
SELECT * FROM tracksolid.devices d WHERE NOT EXISTS (SELECT 1 FROM tracksolid.trips t WHERE t.imei = d.imei AND t.start_time > '2026-10-30')
SELECT vehicle_number, (SELECT count(*) FROM tracksolid.trips t WHERE t.imei = d.imei) AS trips FROM tracksolid.devices d ORDER BY trips DESC NULLS LAST
SELECT sum(power(x - mean, 2)) FROM (SELECT distance_m AS x, avg(distance_m) OVER () AS mean FROM trips) z
SELECT CASE WHEN extract(hour FROM start_time) BETWEEN 6 AND 18 THEN 'day' ELSE 'night' END AS shift, count(*) FROM trips GROUP BY 1
SELECT imei, lead(start_time) OVER (PARTITION BY imei ORDER BY start_time) - end_time AS stay FROM trips LIMIT 20
SELECT coalesce(full_name, 'nobody') AS driver, vehicle_number FROM devices LEFT JOIN drivers USING (driver_id)
--- fuel and alarms
SELECT vehicle_number, sum(fuel_litres), round(100 * sum(fuel_litres) / nullif(sum(distance_km), 0), 1) AS per_100 FROM v_fuel_daily GROUP BY 1 ORDER BY 3 DESC NULLS LAST
SELECT day, vehicle_number, dropped_litres FROM v_fuel_daily WHERE dropped_litres > 10 ORDER BY dropped_litres DESC
SELECT imei, reading_time, level_l - lag(level_l) OVER (PARTITION BY imei ORDER BY reading_time) AS change FROM fuel_readings ORDER BY change NULLS LAST LIMIT 10
SELECT event, count(*), sum(change_l) FROM tracksolid.fuel_readings GROUP BY GROUPING SETS ((event), ())
SELECT alarm_type_name, count(*) FROM alarms GROUP BY alarm_type_name ORDER BY count(*) DESC
SELECT a.imei, a.alert_time, p.speed FROM alarms a JOIN LATERAL (SELECT speed FROM position_history p WHERE p.imei = a.imei AND p.gps_time <= a.alert_time ORDER BY gps_time DESC LIMIT 1) p ON true LIMIT 10
SELECT to_char(alert_time, 'Dy HH24'), count(*) FROM alarms WHERE alarm_type_name LIKE 'Harsh%' GROUP BY 1 ORDER BY 2 DESC
SELECT vehicle_number, harsh_events, 100 * harsh_events / nullif(distance_km, 0) AS per_100_km FROM v_daily_summary WHERE harsh_events > 0
SELECT d.vehicle_number, json_object_agg(alarm_type_name, n) FROM (SELECT imei, alarm_type_name, count(*) AS n FROM alarms GROUP BY 1, 2) x JOIN devices d USING (imei) GROUP BY 1
SELECT imei FROM tracksolid.alarms INTERSECT SELECT imei FROM tracksolid.fuel_readings
--- tickets
SELECT status, priority, count(*) FROM reporting.inc_tickets GROUP BY 1, 2 ORDER BY 2, 1
SELECT ticket_number, opened_at + make_interval(hours => sla_hours) AS due, resolved_at IS NULL AND opened_at + make_interval(hours => sla_hours) < '2026-11-01' AS late FROM inc_tickets
SELECT priority, avg(resolved_at - opened_at) FROM inc_tickets WHERE status IN ('resolved', 'closed') GROUP BY priority
SELECT ticket_number FROM inc_tickets WHERE summary ILIKE '%fibre%' OR summary ~* 'delete|update|drop'
SELECT category, percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM dispatched_at - opened_at)) FROM inc_tickets WHERE dispatched_at IS NOT NULL GROUP BY category
SELECT c.name, count(i.ticket_number) FROM cost_centres c LEFT JOIN inc_tickets i ON i.cost_centre_code = c.code AND i.status = 'open' GROUP BY c.name
SELECT object_name, max(refreshed_at), avg(duration_ms) FROM reporting.refresh_log GROUP BY object_name
SELECT notes, id FROM refresh_log ORDER BY refreshed_at DESC LIMIT 1
--- columns and tables by information_schema
SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog')
SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'trips' ORDER BY ordinal_position
SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = 'reporting'
SELECT constraint_name, column_name FROM information_schema.key_column_usage
