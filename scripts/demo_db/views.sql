-- What analysts read first. Run as tracksolid_owner, after the data.
-- A day is a day in East Africa (UTC+3), where every vehicle is.

CREATE MATERIALIZED VIEW reporting.v_trips AS
SELECT t.trip_id,
       (t.start_time AT TIME ZONE 'Africa/Nairobi')::date AS day,
       t.imei,
       d.vehicle_number,
       d.vehicle_name,
       c.code AS cost_centre_code,
       c.name AS cost_centre,
       d.city,
       t.driver_id,
       t.start_time,
       t.end_time,
       t.start_place,
       t.end_place,
       round(t.distance_m / 1000.0, 2) AS distance_km,
       round(t.driving_seconds / 60.0, 1) AS driving_minutes,
       round(t.idle_seconds / 60.0, 1) AS idle_minutes,
       t.avg_speed AS avg_speed_kmh,
       t.max_speed AS max_speed_kmh,
       t.fuel_used_l
  FROM tracksolid.trips t
  JOIN tracksolid.devices d USING (imei)
  JOIN reporting.cost_centres c ON c.code = d.cost_centre_code;

CREATE UNIQUE INDEX v_trips_id ON reporting.v_trips (trip_id);
CREATE INDEX v_trips_day ON reporting.v_trips (day, imei);

CREATE VIEW reporting.v_daily_summary AS
WITH calendar AS (
    SELECT g::date AS day
      FROM (SELECT min(day) AS first, max(day) AS last FROM reporting.v_trips) span
     CROSS JOIN generate_series(span.first::timestamp, span.last::timestamp, interval '1 day') g
), driven AS (
    SELECT day, imei,
           count(*) AS trips,
           sum(distance_km) AS distance_km,
           sum(driving_minutes) AS driving_minutes,
           sum(idle_minutes) AS idle_minutes,
           max(max_speed_kmh) AS max_speed_kmh,
           sum(fuel_used_l) AS fuel_litres,
           min(start_time) AS first_start,
           max(end_time) AS last_end
      FROM reporting.v_trips
     GROUP BY day, imei
), alarmed AS (
    SELECT (alert_time AT TIME ZONE 'Africa/Nairobi')::date AS day, imei,
           count(*) AS alarms,
           count(*) FILTER (WHERE alarm_type_name LIKE 'Harsh%') AS harsh_events,
           count(*) FILTER (WHERE alarm_type_name = 'Overspeed') AS overspeed_events
      FROM tracksolid.alarms
     GROUP BY 1, imei
)
SELECT cal.day,
       d.imei,
       d.vehicle_number,
       d.vehicle_name,
       c.code AS cost_centre_code,
       c.name AS cost_centre,
       d.city,
       coalesce(driven.trips, 0) AS trips,
       coalesce(driven.distance_km, 0) AS distance_km,
       coalesce(driven.driving_minutes, 0) AS driving_minutes,
       coalesce(driven.idle_minutes, 0) AS idle_minutes,
       driven.max_speed_kmh,
       coalesce(driven.fuel_litres, 0) AS fuel_litres,
       coalesce(alarmed.alarms, 0) AS alarms,
       coalesce(alarmed.harsh_events, 0) AS harsh_events,
       coalesce(alarmed.overspeed_events, 0) AS overspeed_events,
       driven.first_start,
       driven.last_end
  FROM calendar cal
 CROSS JOIN tracksolid.devices d
  JOIN reporting.cost_centres c ON c.code = d.cost_centre_code
  LEFT JOIN driven ON driven.day = cal.day AND driven.imei = d.imei
  LEFT JOIN alarmed ON alarmed.day = cal.day AND alarmed.imei = d.imei;

CREATE VIEW reporting.v_monthly_cost_centre AS
SELECT date_trunc('month', s.day::timestamp)::date AS month,
       s.cost_centre_code,
       s.cost_centre,
       s.city,
       count(DISTINCT s.imei) AS vehicles,
       sum(s.trips) AS trips,
       sum(s.distance_km) AS distance_km,
       round(sum(s.driving_minutes) / 60, 1) AS driving_hours,
       round(sum(s.idle_minutes) / 60, 1) AS idle_hours,
       sum(s.fuel_litres) AS fuel_litres,
       round(100 * sum(s.fuel_litres) / nullif(sum(s.distance_km), 0), 1) AS litres_per_100km,
       sum(s.alarms) AS alarms,
       c.monthly_budget_kes
  FROM reporting.v_daily_summary s
  JOIN reporting.cost_centres c ON c.code = s.cost_centre_code
 GROUP BY 1, s.cost_centre_code, s.cost_centre, s.city, c.monthly_budget_kes;

CREATE VIEW reporting.v_fuel_daily AS
WITH tank AS (
    SELECT (reading_time AT TIME ZONE 'Africa/Nairobi')::date AS day, imei,
           sum(change_l) FILTER (WHERE event = 'refuel') AS refuelled_litres,
           -sum(change_l) FILTER (WHERE event = 'drop') AS dropped_litres,
           (array_agg(level_l ORDER BY reading_time, reading_id))[1] AS first_level_litres,
           (array_agg(level_l ORDER BY reading_time DESC, reading_id DESC))[1] AS last_level_litres
      FROM tracksolid.fuel_readings
     GROUP BY 1, imei
)
SELECT s.day,
       s.imei,
       s.vehicle_number,
       s.cost_centre_code,
       s.cost_centre,
       s.distance_km,
       s.fuel_litres,
       round(100 * s.fuel_litres / nullif(s.distance_km, 0), 1) AS litres_per_100km,
       coalesce(tank.refuelled_litres, 0) AS refuelled_litres,
       coalesce(tank.dropped_litres, 0) AS dropped_litres,
       tank.first_level_litres,
       tank.last_level_litres
  FROM reporting.v_daily_summary s
  JOIN tank ON tank.day = s.day AND tank.imei = s.imei;

CREATE VIEW reporting.v_live_positions AS
SELECT p.imei,
       d.vehicle_number,
       d.vehicle_name,
       c.code AS cost_centre_code,
       c.name AS cost_centre,
       d.city,
       p.gps_time,
       p.lat,
       p.lng,
       p.speed AS speed_kmh,
       p.direction,
       CASE WHEN p.acc_status = 0 THEN 'parked'
            WHEN p.speed = 0 THEN 'idle'
            ELSE 'moving' END AS state,
       p.current_mileage AS odometer_km,
       p.tracker_oil AS fuel_level_litres
  FROM tracksolid.live_positions p
  JOIN tracksolid.devices d USING (imei)
  JOIN reporting.cost_centres c ON c.code = d.cost_centre_code;

CREATE FUNCTION reporting.fn_vehicle_track(
    p_vehicle text, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (gps_time timestamptz, lat double precision, lng double precision,
               speed_kmh smallint, direction smallint, ignition_on boolean)
LANGUAGE sql STABLE SECURITY INVOKER PARALLEL SAFE AS $$
    SELECT p.gps_time, p.lat, p.lng, p.speed, p.direction, p.acc_status = 1
      FROM tracksolid.devices d
      JOIN tracksolid.position_history p USING (imei)
     WHERE p_vehicle IN (d.imei, d.vehicle_number)
       AND p.gps_time >= p_from AND p.gps_time < p_to
     ORDER BY p.gps_time
$$;

CREATE FUNCTION reporting.fn_cost_centre_distance(p_from date, p_to date)
RETURNS TABLE (cost_centre_code text, cost_centre text, vehicles bigint, trips bigint,
               distance_km numeric, fuel_litres numeric)
LANGUAGE sql STABLE SECURITY INVOKER PARALLEL SAFE AS $$
    SELECT t.cost_centre_code, t.cost_centre, count(DISTINCT t.imei), count(*),
           sum(t.distance_km), sum(t.fuel_used_l)
      FROM reporting.v_trips t
     WHERE t.day BETWEEN p_from AND p_to
     GROUP BY t.cost_centre_code, t.cost_centre
     ORDER BY sum(t.distance_km) DESC
$$;

CREATE FUNCTION reporting.fn_live_positions(p_cost_centre_code text DEFAULT NULL)
RETURNS SETOF reporting.v_live_positions
LANGUAGE sql STABLE SECURITY INVOKER PARALLEL SAFE AS $$
    SELECT v.*
      FROM reporting.v_live_positions v
     WHERE p_cost_centre_code IS NULL OR v.cost_centre_code = p_cost_centre_code
     ORDER BY v.vehicle_number
$$;
