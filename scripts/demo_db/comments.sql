-- A comment on every table, view, column and function; one without a text stops the load.
-- A column's name means the same wherever it stands, so most texts are given once.

COMMENT ON SCHEMA tracksolid IS
    'Raw telemetry as the tracker vendor''s API delivers it: devices, positions, trips, alarms, fuel';
COMMENT ON SCHEMA reporting IS
    'Start here: ready-made views by vehicle, day, month and cost centre, and INC tickets';

COMMENT ON TABLE reporting.cost_centres IS 'Cost centres; every vehicle belongs to one';
COMMENT ON TABLE reporting.inc_tickets IS
    'INC tickets: customer and network incidents, with the vehicle sent out';
COMMENT ON TABLE reporting.refresh_log IS 'When reporting.v_trips was refreshed, and how long it took';
COMMENT ON MATERIALIZED VIEW reporting.v_trips IS
    'One row per trip with vehicle and cost centre; refreshed from tracksolid.trips';
COMMENT ON VIEW reporting.v_daily_summary IS
    'One row per vehicle and day, days without a trip included: distance, driving and idle time, '
    'top speed, fuel, alarms. The first place to look for utilisation and driver behaviour';
COMMENT ON VIEW reporting.v_monthly_cost_centre IS
    'One row per cost centre and month: distance, hours, fuel, alarms, budget';
COMMENT ON VIEW reporting.v_fuel_daily IS
    'One row per vehicle and day with fuel data: used, refuelled, missing, tank level';
COMMENT ON VIEW reporting.v_live_positions IS
    'Where each vehicle was last seen, and whether it is moving, idle or parked';
COMMENT ON TABLE tracksolid.devices IS 'Trackers and the vehicles that carry them, one row each';
COMMENT ON TABLE tracksolid.drivers IS 'Drivers. Holds personal data';
COMMENT ON TABLE tracksolid.position_history IS
    'Every fix of every tracker: large, so always give a range of gps_time';
COMMENT ON TABLE tracksolid.live_positions IS 'The last fix of each tracker';
COMMENT ON TABLE tracksolid.trips IS 'Trips (track mileage): ignition on to ignition off';
COMMENT ON TABLE tracksolid.alarms IS 'Alarms raised by the trackers';
COMMENT ON TABLE tracksolid.fuel_readings IS 'Fuel sensor readings, refuels and sudden drops';
COMMENT ON TABLE tracksolid.parking_events IS 'Stays between two trips, ignition off';

COMMENT ON FUNCTION reporting.fn_vehicle_track(text, timestamptz, timestamptz) IS
    'Fixes of one vehicle (number plate or IMEI) from p_from up to but not including p_to';
COMMENT ON FUNCTION reporting.fn_cost_centre_distance(date, date) IS
    'Distance, trips and fuel of each cost centre between two days, both included, longest first';
COMMENT ON FUNCTION reporting.fn_live_positions(text) IS
    'Last known positions, of one cost centre (code) or of all';

CREATE TEMP TABLE column_text (relation text, name text, said text) ON COMMIT DROP;
INSERT INTO column_text (relation, name, said) VALUES
    ('cost_centres', 'code', 'Code, for instance CC-101'),
    ('cost_centres', 'name', 'Name as reports show it'),
    ('cost_centres', 'active', 'False once the cost centre is closed'),
    ('drivers', 'active', 'False once the driver has left'),
    ('drivers', 'full_name', 'Personal data: the driver''s name'),
    ('drivers', 'phone', 'Personal data: the driver''s phone number'),
    ('drivers', 'national_id', 'Personal data: national identity number'),
    ('drivers', 'licence_number', 'Personal data: driving licence number'),
    ('drivers', 'licence_expires', 'Last day on which the licence is valid'),
    ('drivers', 'hired_on', 'First day of work'),
    ('devices', 'driver_name', 'Personal data: name of the usual driver, as the vendor repeats it'),
    ('devices', 'driver_phone', 'Personal data: phone of the usual driver'),
    ('devices', 'driver_id', 'Usual driver, see tracksolid.drivers'),
    ('devices', 'city', 'City where the vehicle is based'),
    ('drivers', 'city', 'City where the driver is based'),
    ('cost_centres', 'city', 'City where the cost centre works'),
    ('inc_tickets', 'imei', 'Tracker of the vehicle that was sent out'),
    ('refresh_log', 'id', 'Number of the refresh'),
    (NULL, 'department', 'Department that the cost centre belongs to'),
    (NULL, 'monthly_budget_kes', 'Vehicle budget a month, Kenyan shillings'),
    (NULL, 'driver_id', 'Driver, see tracksolid.drivers'),
    (NULL, 'imei', 'Tracker''s IMEI, the key of a vehicle everywhere'),
    (NULL, 'device_name', 'Tracker''s name at the vendor'),
    (NULL, 'vehicle_name', 'Vehicle''s name in the fleet'),
    (NULL, 'vehicle_number', 'Number plate'),
    (NULL, 'vehicle_model', 'Make and model'),
    (NULL, 'vin', 'Vehicle identification number'),
    (NULL, 'sim', 'ICCID of the tracker''s SIM card'),
    (NULL, 'cost_centre_code', 'Cost centre''s code, see reporting.cost_centres'),
    (NULL, 'cost_centre', 'Cost centre''s name'),
    (NULL, 'city', 'City: Nairobi, Mombasa or Kampala'),
    (NULL, 'depot', 'Where the vehicle is parked at night'),
    (NULL, 'tank_litres', 'Size of the tank, litres'),
    (NULL, 'activation_time', 'When the tracker was activated'),
    (NULL, 'expiration', 'When the tracker''s subscription ends'),
    (NULL, 'enabled', 'Whether the tracker is in use'),
    (NULL, 'gps_time', 'When the fix was taken'),
    (NULL, 'hb_time', 'When the server heard the tracker'),
    (NULL, 'lat', 'Latitude, degrees, WGS 84'),
    (NULL, 'lng', 'Longitude, degrees, WGS 84'),
    (NULL, 'geom', 'Position as a PostGIS point, SRID 4326'),
    (NULL, 'speed', 'Speed, km/h'),
    (NULL, 'speed_kmh', 'Speed, km/h'),
    (NULL, 'direction', 'Heading in degrees, 0 is north'),
    (NULL, 'acc_status', 'Ignition: 1 on, 0 off'),
    (NULL, 'gps_signal', 'Signal quality, 0 to 4'),
    (NULL, 'gps_num', 'Satellites in use'),
    (NULL, 'power_value', 'Vehicle battery, volts'),
    (NULL, 'elect_quantity', 'Tracker''s own battery, percent'),
    (NULL, 'current_mileage', 'Odometer, km'),
    (NULL, 'odometer_km', 'Odometer, km'),
    (NULL, 'tracker_oil', 'Fuel in the tank, litres'),
    (NULL, 'fuel_level_litres', 'Fuel in the tank, litres'),
    (NULL, 'trip_id', 'Number of the trip'),
    (NULL, 'start_time', 'Begin'),
    (NULL, 'end_time', 'End'),
    (NULL, 'start_lat', 'Latitude of the start'),
    (NULL, 'start_lng', 'Longitude of the start'),
    (NULL, 'end_lat', 'Latitude of the end'),
    (NULL, 'end_lng', 'Longitude of the end'),
    (NULL, 'start_place', 'Named place of the start'),
    (NULL, 'end_place', 'Named place of the end'),
    (NULL, 'distance_m', 'Distance, metres'),
    (NULL, 'distance_km', 'Distance, km'),
    (NULL, 'driving_seconds', 'Time in motion, seconds'),
    (NULL, 'idle_seconds', 'Standing with the engine on, seconds'),
    (NULL, 'driving_minutes', 'Time in motion, minutes'),
    (NULL, 'idle_minutes', 'Standing with the engine on, minutes'),
    (NULL, 'driving_hours', 'Time in motion, hours'),
    (NULL, 'idle_hours', 'Standing with the engine on, hours'),
    (NULL, 'avg_speed', 'Average speed in motion, km/h'),
    (NULL, 'avg_speed_kmh', 'Average speed in motion, km/h'),
    (NULL, 'max_speed', 'Highest speed, km/h'),
    (NULL, 'max_speed_kmh', 'Highest speed, km/h; null without a trip'),
    (NULL, 'fuel_used_l', 'Fuel used, litres'),
    (NULL, 'fuel_litres', 'Fuel used, litres'),
    (NULL, 'litres_per_100km', 'Fuel used per 100 km; null without distance'),
    (NULL, 'refuelled_litres', 'Fuel filled in, litres'),
    (NULL, 'dropped_litres', 'Fuel that went missing with the engine off, litres'),
    (NULL, 'first_level_litres', 'Tank level at the day''s first reading'),
    (NULL, 'last_level_litres', 'Tank level at the day''s last reading'),
    (NULL, 'alarm_id', 'Number of the alarm'),
    (NULL, 'alert_type_id', 'Vendor''s number of the alarm type'),
    (NULL, 'alarm_type_name',
     'Overspeed, Harsh acceleration, Harsh braking, Harsh cornering, Geofence exit, Power cut, '
     'Low battery, Vibration or Fuel drop'),
    (NULL, 'alert_time', 'When the alarm was raised'),
    (NULL, 'reading_id', 'Number of the reading'),
    (NULL, 'reading_time', 'When the sensor was read'),
    (NULL, 'event', 'reading, refuel, or drop (fuel missing with the engine off)'),
    (NULL, 'level_l', 'Tank level afterwards, litres'),
    (NULL, 'change_l', 'Change since the reading before, litres'),
    (NULL, 'temperature', 'Fuel temperature, degrees Celsius'),
    (NULL, 'event_id', 'Number of the event'),
    (NULL, 'duration_s', 'Length, seconds'),
    (NULL, 'place', 'Named place'),
    (NULL, 'ticket_number', 'Ticket number, INC and eight digits'),
    (NULL, 'category', 'Kind of incident'),
    (NULL, 'priority', 'P1 (most urgent) to P4'),
    (NULL, 'status', 'open, in progress, resolved or closed'),
    (NULL, 'opened_at', 'When the ticket was opened'),
    (NULL, 'dispatched_at', 'When a vehicle was sent; null if none yet'),
    (NULL, 'resolved_at', 'When the incident was over; null if it is not'),
    (NULL, 'sla_hours', 'Hours within which it must be resolved'),
    (NULL, 'summary', 'One line on what happened'),
    (NULL, 'refreshed_at', 'When the refresh began'),
    (NULL, 'object_name', 'What was refreshed'),
    (NULL, 'duration_ms', 'How long it took, milliseconds'),
    (NULL, 'notes', 'Anything unusual; null as a rule'),
    (NULL, 'day', 'Day in East Africa (UTC+3)'),
    (NULL, 'month', 'First day of the month'),
    (NULL, 'vehicles', 'How many vehicles'),
    (NULL, 'trips', 'How many trips'),
    (NULL, 'alarms', 'Alarms of every type'),
    (NULL, 'harsh_events', 'Harsh acceleration, braking and cornering'),
    (NULL, 'overspeed_events', 'Overspeed alarms'),
    (NULL, 'first_start', 'When the first trip began; null without a trip'),
    (NULL, 'last_end', 'When the last trip ended; null without a trip'),
    (NULL, 'state', 'moving, idle (engine on, standing) or parked');

DO $$
DECLARE
    col record;
BEGIN
    FOR col IN
        SELECT c.oid::regclass AS relation, a.attname,
               (SELECT t.said FROM column_text t
                 WHERE t.name = a.attname AND (t.relation = c.relname OR t.relation IS NULL)
                 ORDER BY t.relation NULLS LAST LIMIT 1) AS said
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace IN ('tracksolid'::regnamespace, 'reporting'::regnamespace)
           AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
    LOOP
        IF col.said IS NULL THEN
            RAISE EXCEPTION 'comments.sql has no text for column %.%', col.relation, col.attname;
        END IF;
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', col.relation, col.attname, col.said);
    END LOOP;
END $$;
