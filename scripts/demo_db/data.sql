-- The rows of the demo database, by steps: load.py runs one at a time and shows the name.
-- The same as-of date gives the same rows on every PostgreSQL: integers all the way, hashes
-- instead of random(). Coordinates are millionths of a degree (0.11132 m near the equator).
-- Settings: fleet.as_of, fleet.vehicles, fleet.days, fleet.step; fleet.day inside "each day".

-- step: vehicles
CREATE FUNCTION pg_temp.h(a bigint, b bigint, c bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS 'SELECT hashint8extended($1 * 1000003 + $2, $3) & 2147483647';

CREATE TEMP TABLE span ON COMMIT DROP AS
SELECT current_setting('fleet.as_of')::date AS as_of,
       current_setting('fleet.as_of')::date - current_setting('fleet.days')::int AS first_day,
       current_setting('fleet.vehicles')::int AS vehicles,
       current_setting('fleet.step')::int AS step;

INSERT INTO reporting.cost_centres (code, name, city, department, monthly_budget_kes) VALUES
    ('CC-101', 'Fibre Rollout Nairobi East', 'Nairobi', 'Field operations', 1450000),
    ('CC-102', 'Fibre Rollout Nairobi West', 'Nairobi', 'Field operations', 1380000),
    ('CC-103', 'Home Installations Nairobi', 'Nairobi', 'Customer delivery', 1720000),
    ('CC-104', 'Field Maintenance Nairobi', 'Nairobi', 'Field operations', 1610000),
    ('CC-105', 'Enterprise Support', 'Nairobi', 'Customer delivery', 980000),
    ('CC-106', 'Network Operations Centre', 'Nairobi', 'Network', 760000),
    ('CC-107', 'Warehouse and Logistics', 'Nairobi', 'Supply chain', 1150000),
    ('CC-108', 'Sales and Site Survey', 'Nairobi', 'Commercial', 640000),
    ('CC-201', 'Field Maintenance Mombasa', 'Mombasa', 'Field operations', 890000),
    ('CC-202', 'Home Installations Coast', 'Mombasa', 'Customer delivery', 830000),
    ('CC-203', 'Backhaul and Towers Coast', 'Mombasa', 'Network', 920000),
    ('CC-301', 'Home Installations Kampala', 'Kampala', 'Customer delivery', 1010000),
    ('CC-302', 'Field Maintenance Kampala', 'Kampala', 'Field operations', 870000),
    ('CC-303', 'Enterprise Support Kampala', 'Kampala', 'Customer delivery', 540000);

-- `seat` 0 is the depot, 1..16 are in town, 17..20 are far away.
CREATE TEMP TABLE place ON COMMIT DROP AS
SELECT city, (row_number() OVER (PARTITION BY city ORDER BY ord) - 1)::int AS seat,
       CASE WHEN ord > 17 THEN name ELSE city || ' ' || name END AS name, lat::int, lng::int
  FROM (VALUES
    (1, 'Nairobi', 'Industrial Area depot', -1308000, 36851000),
    (2, 'Nairobi', 'Westlands', -1267600, 36810800), (3, 'Nairobi', 'CBD', -1284100, 36823300),
    (4, 'Nairobi', 'Kilimani', -1289000, 36783000), (5, 'Nairobi', 'Karen', -1319700, 36707300),
    (6, 'Nairobi', 'Langata', -1366000, 36738000), (7, 'Nairobi', 'Embakasi', -1322000, 36900000),
    (8, 'Nairobi', 'Kasarani', -1220000, 36898000), (9, 'Nairobi', 'Ruiru', -1149000, 36963000),
    (10, 'Nairobi', 'Kikuyu', -1246000, 36663000), (11, 'Nairobi', 'Rongai', -1396000, 36757000),
    (12, 'Nairobi', 'Syokimau', -1360000, 36926000), (13, 'Nairobi', 'Runda', -1219000, 36815000),
    (14, 'Nairobi', 'Donholm', -1295000, 36889000), (15, 'Nairobi', 'Roysambu', -1219500, 36888500),
    (16, 'Nairobi', 'Airport', -1319200, 36927800), (17, 'Nairobi', 'Upper Hill', -1299000, 36816000),
    (18, 'Nairobi', 'Thika', -1033300, 37069300), (19, 'Nairobi', 'Naivasha', -716700, 36433300),
    (20, 'Nairobi', 'Machakos', -1517700, 37263400), (21, 'Nairobi', 'Nakuru', -303100, 36080000),
    (1, 'Mombasa', 'Changamwe depot', -4026000, 39630000),
    (2, 'Mombasa', 'Nyali', -4033000, 39703000), (3, 'Mombasa', 'Island', -4063000, 39668000),
    (4, 'Mombasa', 'Likoni', -4089000, 39660000), (5, 'Mombasa', 'Bamburi', -4000000, 39720000),
    (6, 'Mombasa', 'Mtwapa', -3946000, 39744000), (7, 'Mombasa', 'Kisauni', -4018000, 39689000),
    (8, 'Mombasa', 'Port Reitz', -4044000, 39608000), (9, 'Mombasa', 'Miritini', -4002000, 39583000),
    (10, 'Mombasa', 'Shanzu', -3975000, 39740000), (11, 'Mombasa', 'Tudor', -4040000, 39662000),
    (12, 'Mombasa', 'Kizingo', -4071000, 39676000), (13, 'Mombasa', 'Airport', -4035000, 39594000),
    (14, 'Mombasa', 'Jomvu', -4008000, 39605000), (15, 'Mombasa', 'Mikindani', -4018000, 39617000),
    (16, 'Mombasa', 'Utange', -3958000, 39712000), (17, 'Mombasa', 'Mazeras', -3966000, 39549000),
    (18, 'Mombasa', 'Diani', -4300000, 39580000), (19, 'Mombasa', 'Kilifi', -3630500, 39849900),
    (20, 'Mombasa', 'Malindi', -3217500, 40119100), (21, 'Mombasa', 'Voi', -3396000, 38556000),
    (1, 'Kampala', 'Nakawa depot', 330000, 32615000),
    (2, 'Kampala', 'CBD', 313600, 32581100), (3, 'Kampala', 'Kololo', 330000, 32594000),
    (4, 'Kampala', 'Ntinda', 353000, 32615000), (5, 'Kampala', 'Muyenga', 292000, 32613000),
    (6, 'Kampala', 'Makindye', 280000, 32585000), (7, 'Kampala', 'Mengo', 302000, 32556000),
    (8, 'Kampala', 'Kawempe', 379000, 32557000), (9, 'Kampala', 'Wandegeya', 332000, 32573000),
    (10, 'Kampala', 'Namugongo', 387000, 32651000), (11, 'Kampala', 'Bweyogerere', 356000, 32662000),
    (12, 'Kampala', 'Kira', 397000, 32638000), (13, 'Kampala', 'Najjera', 383000, 32623000),
    (14, 'Kampala', 'Bugolobi', 314000, 32624000), (15, 'Kampala', 'Lubowa', 245000, 32567000),
    (16, 'Kampala', 'Wakiso', 404000, 32459000), (17, 'Kampala', 'Kajjansi', 218000, 32535000),
    (18, 'Kampala', 'Entebbe', 51200, 32463700), (19, 'Kampala', 'Jinja', 424400, 33204200),
    (20, 'Kampala', 'Mukono', 353300, 32755300), (21, 'Kampala', 'Masaka', -333000, 31734000)
  ) AS p(ord, city, name, lat, lng);
CREATE UNIQUE INDEX ON place (city, seat);

-- The first fourteen vehicles give each cost centre one; the rest favour the larger ones.
CREATE TEMP TABLE vehicle ON COMMIT DROP AS
WITH centre AS (
    SELECT code, city, name, row_number() OVER (ORDER BY code) - 1 AS n FROM reporting.cost_centres
)
SELECT v, (862808040000000 + v * 1237)::text AS imei, c.code, c.city, c.name AS centre,
       pg_temp.h(v, 3, 0) % 5 AS model,
       82 + pg_temp.h(v, 4, 0) % 60 AS dl_per_100km,   -- decilitres
       (70 + 5 * (pg_temp.h(v, 5, 0) % 6)) * 1000 AS tank_ml,
       pg_temp.h(v, 6, 0) % 30 AS haste,
       18000000 + pg_temp.h(v, 7, 0) % 160000000 AS odometer_m
  FROM span, generate_series(1, span.vehicles) v
  JOIN centre c ON c.n = CASE WHEN v <= 14 THEN v - 1
                              ELSE least(pg_temp.h(v, 1, 0) % 18, pg_temp.h(v, 2, 0) % 14) END;

INSERT INTO tracksolid.drivers (driver_id, full_name, phone, national_id, licence_number,
                                licence_expires, hired_on, city, active)
SELECT 1000 + n,
       (ARRAY['Amina','Brian','Cynthia','Daniel','Esther','Felix','Grace','Hassan','Irene','James',
              'Kevin','Lydia','Moses','Naomi','Omar','Peter','Rose','Samuel','Teresia','Victor'])
         [1 + n * 7 % 20] || ' ' ||
       (ARRAY['Wanjiru','Otieno','Mutua','Kamau','Achieng','Kiptoo','Hamisi','Njoroge','Mwangi',
              'Okello','Nakato','Ssali','Barasa','Chebet','Omondi','Mbugua','Kariuki'])
         [1 + n * 5 % 17],
       CASE c.city WHEN 'Kampala' THEN '+25677' ELSE '+25472' END
         || lpad((pg_temp.h(n, 11, 0) % 10000000)::text, 7, '0'),
       lpad((20000000 + pg_temp.h(n, 12, 0) % 19999999)::text, 8, '0'),
       'DL-' || lpad((pg_temp.h(n, 13, 0) % 10000000)::text, 7, '0'),
       span.as_of + (30 + pg_temp.h(n, 14, 0) % 1000)::int,
       span.as_of - (90 + pg_temp.h(n, 15, 0) % 3000)::int,
       c.city,
       n <= span.vehicles
  FROM span, generate_series(1, span.vehicles + span.vehicles / 8) n
  LEFT JOIN vehicle w ON w.v = n
 CROSS JOIN LATERAL (SELECT coalesce(w.city, 'Nairobi') AS city) c;

INSERT INTO tracksolid.devices
SELECT w.imei,
       'GT06N-' || right(w.imei, 6),
       w.centre || ' ' || lpad(w.v::text, 3, '0'),
       CASE w.city WHEN 'Kampala' THEN 'UB' ELSE 'KD' END || chr(65 + (w.v / 26 % 26))
         || ' ' || lpad((100 + pg_temp.h(w.v, 21, 0) % 900)::text, 3, '0') || chr(65 + w.v % 26),
       (ARRAY['Toyota Hilux','Isuzu D-Max','Toyota Probox','Nissan NV350','Mitsubishi Canter'])
         [1 + w.model],
       'JTF' || upper(lpad(to_hex(pg_temp.h(w.v, 22, 0)), 8, '0')) || lpad(w.v::text, 6, '0'),
       CASE w.city WHEN 'Kampala' THEN '89256' ELSE '89254' END
         || lpad(pg_temp.h(w.v, 23, 0)::text, 14, '0'),
       r.driver_id, r.full_name, r.phone, w.code, w.city, p.name,
       w.tank_ml / 1000.0,
       (span.as_of - 900 + (pg_temp.h(w.v, 24, 0) % 700)::int)::timestamp AT TIME ZONE 'UTC',
       (span.as_of + 200 + (pg_temp.h(w.v, 25, 0) % 700)::int)::timestamp AT TIME ZONE 'UTC',
       true
  FROM span, vehicle w
  JOIN tracksolid.drivers r ON r.driver_id = 1000 + w.v
  JOIN place p ON p.city = w.city AND p.seat = 0
 ORDER BY w.v;

-- step: trips
-- Working days: 5 to 8 trips in town, or every ninth day a long one; fewer on Saturday, seldom
-- on Sunday; now and then a day in the workshop.
CREATE TEMP TABLE duty ON COMMIT DROP AS
SELECT w.v, d.day, d.n AS day_number, far,
       CASE WHEN pg_temp.h(w.v, d.n, 31) % 40 = 0 THEN 0
            WHEN d.dow = 7 THEN CASE WHEN pg_temp.h(w.v, d.n, 32) % 6 = 0 THEN 2 ELSE 0 END
            WHEN far THEN 2
            WHEN d.dow = 6 THEN 2 + pg_temp.h(w.v, d.n, 33) % 3
            ELSE 5 + pg_temp.h(w.v, d.n, 34) % 4 END::int AS trips
  FROM vehicle w, span
 CROSS JOIN LATERAL (
    SELECT g AS n, date '2000-01-01' + g AS day,
           extract(isodow FROM date '2000-01-01' + g)::int AS dow
      FROM generate_series(span.first_day - date '2000-01-01',
                           span.as_of - 1 - date '2000-01-01') g) d
 CROSS JOIN LATERAL (SELECT pg_temp.h(w.v, d.n, 35) % 9 = 0 AND d.dow < 7 AS far OFFSET 0) f;

CREATE TEMP TABLE route ON COMMIT DROP AS
WITH stop AS (
    SELECT d.v, d.day, d.day_number, d.far, d.trips, k,
           CASE WHEN k IN (0, d.trips) THEN 0
                WHEN d.far THEN 17 + pg_temp.h(d.v, d.day_number, 36) % 4
                -- A fixed stride round the town never stays where it is.
                ELSE 1 + (pg_temp.h(d.v, d.day_number, 37)
                          + k * (1 + pg_temp.h(d.v, d.day_number, 38) % 15)) % 16 END::int AS seat
      FROM duty d, generate_series(0, d.trips) k
     WHERE d.trips > 0
)
SELECT a.v, a.day, a.day_number, b.k, a.far, b.k IN (1, a.trips) AS peak,
       a.seat AS seat_from, b.seat AS seat_to, w.city, w.haste,
       (a.day_number * 1000 + a.v) * 10 + b.k AS trip_id
  FROM stop a
  JOIN stop b ON b.v = a.v AND b.day = a.day AND b.k = a.k + 1
  JOIN vehicle w ON w.v = a.v;

-- Each pair of places has one road of eight legs, the same in both directions.
CREATE TEMP TABLE road ON COMMIT DROP AS
WITH pair AS (
    SELECT DISTINCT city, least(seat_from, seat_to) AS a, greatest(seat_from, seat_to) AS b
      FROM route
), node AS (
    SELECT pair.city, pair.a, pair.b, k,
           p.lat + (q.lat - p.lat) * k / 8 + (q.lng - p.lng) * bend / 10000 AS lat,
           p.lng + (q.lng - p.lng) * k / 8 - (q.lat - p.lat) * bend / 10000 AS lng
      FROM pair
      JOIN place p ON p.city = pair.city AND p.seat = pair.a
      JOIN place q ON q.city = pair.city AND q.seat = pair.b
     CROSS JOIN generate_series(0, 8) k
     CROSS JOIN LATERAL (
        SELECT CASE WHEN k IN (0, 8) THEN 0
                    ELSE pg_temp.h(pair.a * 100 + pair.b, k, 41) % 1601 - 800 END AS bend
        OFFSET 0) s
), leg AS (
    SELECT u.city, u.a, u.b, u.k + 1 AS leg, u.lat AS lat0, u.lng AS lng0,
           v.lat AS lat1, v.lng AS lng1,
           greatest(40, round(sqrt(((v.lat - u.lat) ^ 2 + (v.lng - u.lng) ^ 2)) * 0.11132))::int AS m
      FROM node u JOIN node v ON v.city = u.city AND v.a = u.a AND v.b = u.b AND v.k = u.k + 1
)
SELECT city, a AS seat_from, b AS seat_to, leg, lat0, lng0, lat1, lng1, m FROM leg
UNION ALL
SELECT city, b, a, 9 - leg, lat1, lng1, lat0, lng0, m FROM leg WHERE a <> b;

-- t0: seconds from the trip's start; moving for move_s, then standing for wait_s.
CREATE TEMP TABLE leg ON COMMIT DROP AS
WITH paced AS (
    SELECT r.trip_id, g.leg, g.lat0, g.lng0, g.lat1, g.lng1, g.m, pace.kmh,
           greatest(10, g.m * 36 / (pace.kmh * 10))::int AS move_s,
           CASE WHEN pg_temp.h(r.trip_id, g.leg, 52) % 41 = 0
                THEN 300 + pg_temp.h(r.trip_id, g.leg, 53) % 700
                WHEN pg_temp.h(r.trip_id, g.leg, 54) % 3 = 0
                THEN 15 + pg_temp.h(r.trip_id, g.leg, 55) % 120 ELSE 0 END::int AS wait_s
      FROM route r
      JOIN road g ON g.city = r.city AND g.seat_from = r.seat_from AND g.seat_to = r.seat_to
     CROSS JOIN LATERAL (
        SELECT CASE WHEN r.far THEN 48 + r.haste / 2 + pg_temp.h(r.trip_id, g.leg, 51) % 28
                    ELSE (20 + r.haste / 4 + pg_temp.h(r.trip_id, g.leg, 51) % 26)
                         * CASE WHEN r.peak THEN 7 ELSE 10 END / 10 END::int AS kmh
        OFFSET 0) pace
)
SELECT *, (sum(move_s + wait_s) OVER trip - move_s - wait_s)::int AS t0,
       (sum(m) OVER trip - m)::int AS m0
  FROM paced
WINDOW trip AS (PARTITION BY trip_id ORDER BY leg);
CREATE INDEX ON leg (trip_id);

CREATE TEMP TABLE trip ON COMMIT DROP AS
WITH total AS (
    SELECT trip_id, sum(move_s)::int AS move_s, sum(wait_s)::int AS wait_s, sum(m)::int AS m,
           max(kmh) + 4 AS max_kmh
      FROM leg GROUP BY trip_id
), timed AS (
    SELECT r.*, w.imei, t.move_s, t.wait_s, t.m, t.max_kmh, w.tank_ml, w.odometer_m,
           t.move_s + t.wait_s AS trip_s,
           19800 + pg_temp.h(r.v, r.day_number, 61) % 9000
             + coalesce(sum(t.move_s + t.wait_s + stop_s) OVER earlier, 0) AS start_s,
           (t.m * w.dl_per_100km / 1000 + t.wait_s * 2 / 9)::bigint AS used_ml,
           -- Rarely fuel goes missing at night, before the first trip.
           CASE WHEN r.k = 1 AND pg_temp.h(r.v, r.day_number, 62) % 160 = 0
                THEN 4000 + pg_temp.h(r.v, r.day_number, 63) % 5000 ELSE 0 END AS drop_ml
      FROM route r
      JOIN total t USING (trip_id)
      JOIN vehicle w ON w.v = r.v
     CROSS JOIN LATERAL (
        SELECT CASE WHEN r.far THEN 3600 + pg_temp.h(r.trip_id, 0, 64) % 5400
                    ELSE 900 + pg_temp.h(r.trip_id, 0, 64) % 3600 END AS stop_s OFFSET 0) s
    WINDOW earlier AS (PARTITION BY r.v, r.day ORDER BY r.k
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), running AS (
    SELECT *,
           sum(used_ml + drop_ml) OVER so_far AS burnt_ml,
           sum(m) OVER so_far AS driven_m,
           (day::timestamp - interval '3 hours') AT TIME ZONE 'UTC'
             + start_s * interval '1 second' AS start_time
      FROM timed
    WINDOW so_far AS (PARTITION BY v ORDER BY trip_id)
)
-- Refuelled whenever half of the tank is gone: a sawtooth, so no recursion.
SELECT *, start_time + trip_s * interval '1 second' AS end_time,
       odometer_m + driven_m - m AS odometer0_m,
       (tank_ml * 95 / 100 - ((burnt_ml - used_ml - drop_ml) % refill_ml))::bigint - drop_ml AS level0_ml,
       (tank_ml * 95 / 100 - (burnt_ml % refill_ml))::bigint AS level1_ml
  FROM running CROSS JOIN LATERAL (SELECT tank_ml / 2 AS refill_ml) f;
CREATE UNIQUE INDEX ON trip (trip_id);
CREATE INDEX ON trip (day);
ANALYZE trip, leg;

INSERT INTO tracksolid.trips
SELECT t.trip_id, t.imei, 1000 + t.v, t.start_time, t.end_time,
       p.lat / 1e6::float8, p.lng / 1e6::float8, q.lat / 1e6::float8, q.lng / 1e6::float8,
       p.name, q.name, t.m, t.move_s, t.wait_s, round(t.m * 3.6 / t.move_s, 1), t.max_kmh,
       round(t.used_ml / 1000.0, 2)
  FROM trip t
  JOIN place p ON p.city = t.city AND p.seat = t.seat_from
  JOIN place q ON q.city = t.city AND q.seat = t.seat_to
 ORDER BY t.start_time, t.trip_id;

-- step: parking and fuel
INSERT INTO tracksolid.parking_events
WITH stay AS (
    SELECT trip_id AS event_id, imei, end_time AS start_time,
           coalesce(lead(start_time) OVER (PARTITION BY imei ORDER BY start_time),
                    (span.as_of::timestamp - interval '3 hours') AT TIME ZONE 'UTC') AS end_time,
           end_lat, end_lng, end_place
      FROM tracksolid.trips, span
)
SELECT event_id, imei, start_time, end_time,
       extract(epoch FROM end_time - start_time)::int, end_lat, end_lng, end_place
  FROM stay WHERE end_time > start_time ORDER BY start_time, event_id;

INSERT INTO tracksolid.fuel_readings
SELECT t.trip_id * 10 + e.n, t.imei, e.at, e.event, round(e.level_ml / 1000.0, 1),
       round(e.change_ml / 1000.0, 1), 19 + (pg_temp.h(t.trip_id, e.n, 71) % 140) / 10.0
  FROM trip t
 CROSS JOIN LATERAL (VALUES
    (0, t.start_time - interval '3 hours', 'drop', t.level0_ml, -t.drop_ml),
    (1, t.start_time, 'reading', t.level0_ml, 0),
    (2, t.end_time, 'reading', t.level0_ml - t.used_ml, -t.used_ml),
    (3, t.end_time + interval '6 minutes', 'refuel', t.level1_ml,
     t.level1_ml - t.level0_ml + t.used_ml)
  ) e(n, at, event, level_ml, change_ml)
 WHERE e.event = 'reading' OR e.change_ml <> 0
 ORDER BY e.at, t.trip_id, e.n;

-- step: alarms
INSERT INTO tracksolid.alarms
WITH driven AS (
    SELECT l.trip_id * 10 + l.leg AS spot, t.imei, w.haste, t.far, l.leg, l.kmh, l.lat1, l.lng1,
           t.start_time + (l.t0 + l.move_s / 2) * interval '1 second' AS at
      FROM leg l JOIN trip t USING (trip_id) JOIN vehicle w ON w.v = t.v
), raised AS (
    SELECT spot, imei, 6 AS type, 'Overspeed' AS name, at, lat1, lng1, kmh + 4 AS speed
      FROM driven WHERE kmh > 80
    UNION ALL
    SELECT spot, imei, kind.type, kind.name, at + interval '7 seconds', lat1, lng1, kmh
      FROM driven
     CROSS JOIN LATERAL (VALUES (41, 'Harsh acceleration'), (42, 'Harsh braking'),
                                (43, 'Harsh cornering')) kind(type, name)
     WHERE pg_temp.h(spot, kind.type, 81) % 2000 < haste
    UNION ALL
    SELECT spot, imei, 12, 'Geofence exit', at, lat1, lng1, kmh
      FROM driven WHERE far AND leg = 2 AND spot / 10 % 10 = 1
    UNION ALL
    SELECT p.event_id * 10 + 9, p.imei, kind.type, kind.name, p.start_time + interval '90 seconds',
           (p.lat * 1e6)::bigint, (p.lng * 1e6)::bigint, 0
      FROM tracksolid.parking_events p
     CROSS JOIN LATERAL (VALUES (2, 'Power cut', 400), (19, 'Low battery', 250),
                                (3, 'Vibration', 150)) kind(type, name, seldom)
     WHERE pg_temp.h(p.event_id, kind.type, 82) % kind.seldom = 0
    UNION ALL
    SELECT t.trip_id * 10, t.imei, 51, 'Fuel drop', t.start_time - interval '3 hours',
           p.lat, p.lng, 0
      FROM trip t JOIN place p ON p.city = t.city AND p.seat = t.seat_from
     WHERE t.drop_ml > 0
)
SELECT spot * 100 + type, imei, type, name, at, lat1 / 1e6::float8, lng1 / 1e6::float8, speed
  FROM raised ORDER BY at, spot, type;

-- step: tickets
INSERT INTO reporting.inc_tickets
WITH helper AS (
    SELECT code, imei, row_number() OVER (PARTITION BY code ORDER BY v) - 1 AS n,
           count(*) OVER (PARTITION BY code) AS helpers
      FROM vehicle
), raised AS (
    SELECT c.code, d AS day, d - date '2000-01-01' AS day_number, n,
           substr(c.code, 4)::bigint * 10 + n AS slot
      FROM span, reporting.cost_centres c,
           generate_series(span.first_day::timestamp, span.as_of - interval '1 day',
                           interval '1 day') g,
           LATERAL (SELECT g::date AS d) x, generate_series(1, 4) n
     WHERE pg_temp.h(substr(c.code, 4)::bigint * 10 + n, d - date '2000-01-01', 91) % 100
           < CASE extract(isodow FROM d) WHEN 7 THEN 12 WHEN 6 THEN 30 ELSE 55 END
), rated AS (
    SELECT r.*, rating,
           (day::timestamp + interval '3 hours'
             + pg_temp.h(slot, day_number, 93) % 43200 * interval '1 second')
             AT TIME ZONE 'UTC' AS opened_at
      FROM raised r
     CROSS JOIN LATERAL (
        SELECT CASE WHEN roll < 6 THEN 1 WHEN roll < 26 THEN 2 WHEN roll < 70 THEN 3 ELSE 4
               END AS rating
          FROM (SELECT pg_temp.h(slot, day_number, 92) % 100 AS roll OFFSET 0) x) y
), worked AS (
    SELECT rated.*, (ARRAY[4, 8, 24, 72])[rating] AS sla_hours,
           opened_at + (600 + pg_temp.h(slot, day_number, 94) % 7200) * interval '1 second'
             AS dispatched_at,
           opened_at + (9000 + pg_temp.h(slot, day_number, 95)
                        % ((ARRAY[4, 8, 24, 72])[rating] * 4600)) * interval '1 second'
             AS resolved_at,
           1 + pg_temp.h(slot, day_number, 96) % 7 AS what
      FROM rated
), seen AS (
    SELECT w.*, (span.as_of::timestamp - interval '3 hours') AT TIME ZONE 'UTC' AS now
      FROM worked w, span
)
SELECT 'INC' || lpad((day_number * 1000 + row_number() OVER (
           PARTITION BY day_number ORDER BY opened_at, slot))::text, 8, '0'),
       s.code, h.imei,
       (ARRAY['Fibre cut','No signal','Slow speed','New installation','Router fault',
              'Power at site','Relocation'])[what],
       'P' || rating,
       CASE WHEN resolved_at < now - interval '2 days' THEN 'closed'
            WHEN resolved_at < now THEN 'resolved'
            WHEN dispatched_at < now THEN 'in progress' ELSE 'open' END,
       opened_at,
       CASE WHEN dispatched_at < now THEN dispatched_at END,
       CASE WHEN resolved_at < now THEN resolved_at END,
       sla_hours,
       (ARRAY['Fibre cut reported, splice team needed','Customer without signal since morning',
              'Speed below the plan in the evening','New customer, drop cable and router',
              'Router restarts by itself','Site on batteries, generator wanted',
              'Customer moves, line to be relocated'])[what]
  FROM seen s
  LEFT JOIN helper h ON h.code = s.code
                    AND h.n = pg_temp.h(s.slot, s.day_number, 97) % h.helpers
 ORDER BY opened_at, s.slot;

INSERT INTO reporting.refresh_log (refreshed_at, object_name, duration_ms, notes)
SELECT at, 'reporting.v_trips', 400 + pg_temp.h(n, 98, 0) % 900,
       CASE WHEN pg_temp.h(n, 99, 0) % 60 = 0 THEN 'slow: waited for a lock' END
  FROM span, generate_series(0, (span.as_of - span.first_day) * 24 - 1) n,
       LATERAL (SELECT (span.first_day::timestamp - interval '3 hours') AT TIME ZONE 'UTC'
                       + n * interval '1 hour' AS at) x
 ORDER BY n;

-- step each day: positions
-- One fix every `step` seconds of a trip; about one in a hundred is lost.
INSERT INTO tracksolid.position_history
      (imei, gps_time, hb_time, lat, lng, speed, direction, acc_status, gps_signal, gps_num,
       power_value, elect_quantity, current_mileage, tracker_oil)
SELECT imei, at, at + (dice & 3) * interval '1 second',
       (lat0 + (lat1 - lat0) * moved / move_s + (dice >> 2 & 31) - 16) / 1e6::float8,
       (lng0 + (lng1 - lng0) * moved / move_s + (dice >> 7 & 31) - 16) / 1e6::float8,
       CASE WHEN s < move_s THEN greatest(3, kmh - 4 + (dice >> 12 & 7)) ELSE 0 END,
       heading, 1, 2 + (dice >> 15 & 1) + (dice >> 16 & 1), 7 + (dice >> 17 & 7),
       13.4 + (dice >> 20 & 7) / 10.0, 100, round((odometer0_m + m0 + m * moved / move_s) / 1000.0, 1),
       round((level0_ml - used_ml * (t0 + s) / trip_s) / 1000.0, 1)
  FROM (
    SELECT t.imei, l.*, t.odometer0_m, t.level0_ml, t.used_ml, t.trip_s,
           u - l.t0 AS s, least(u - l.t0, l.move_s)::bigint AS moved,
           t.start_time + u * interval '1 second' AS at,
           pg_temp.h(t.trip_id, u, 101) AS dice,
           (round(atan2d(l.lng1 - l.lng0, l.lat1 - l.lat0))::int + 360) % 360 AS heading
      FROM span, trip t
      JOIN leg l USING (trip_id)
     CROSS JOIN LATERAL generate_series(
        (l.t0 + span.step - 1) / span.step * span.step, l.t0 + l.move_s + l.wait_s - 1, span.step) u
     WHERE t.day = current_setting('fleet.day')::date
    OFFSET 0) fix
 WHERE dice >> 24 <> 77
 ORDER BY at, imei;

-- step: parked positions
-- A parked tracker reports once an hour.
INSERT INTO tracksolid.position_history
      (imei, gps_time, hb_time, lat, lng, speed, direction, acc_status, gps_signal, gps_num,
       power_value, elect_quantity, current_mileage, tracker_oil)
SELECT p.imei, at, at + interval '2 seconds', p.lat, p.lng, 0, 0, 0,
       3 + (pg_temp.h(p.event_id, n, 111) & 1), 8 + (pg_temp.h(p.event_id, n, 112) & 3),
       12.1 + (pg_temp.h(p.event_id, n, 113) & 7) / 10.0, 100,
       round((t.odometer0_m + t.m) / 1000.0, 1), round(t.level1_ml / 1000.0, 1)
  FROM tracksolid.parking_events p
  JOIN trip t ON t.trip_id = p.event_id
 CROSS JOIN LATERAL generate_series(0, (p.duration_s - 1201) / 3600) n
 CROSS JOIN LATERAL (SELECT p.start_time + (1200 + n * 3600) * interval '1 second' AS at) x
 WHERE p.duration_s > 1200
 ORDER BY at, p.imei;

-- step: live positions
INSERT INTO tracksolid.live_positions
      (imei, gps_time, hb_time, lat, lng, speed, direction, acc_status, gps_signal, gps_num,
       power_value, elect_quantity, current_mileage, tracker_oil)
SELECT DISTINCT ON (imei) imei, gps_time, hb_time, lat, lng, speed, direction, acc_status,
       gps_signal, gps_num, power_value, elect_quantity, current_mileage, tracker_oil
  FROM tracksolid.position_history, span
 WHERE gps_time > (span.as_of - 4)::timestamp AT TIME ZONE 'UTC'
 ORDER BY imei, gps_time DESC;
