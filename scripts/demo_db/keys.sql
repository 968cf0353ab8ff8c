-- Keys and indexes that are cheaper after the data. Run as tracksolid_owner.

ALTER TABLE tracksolid.position_history ADD PRIMARY KEY (imei, gps_time);
CREATE INDEX position_history_time ON tracksolid.position_history USING brin (gps_time);
ALTER TABLE tracksolid.position_history
    ADD FOREIGN KEY (imei) REFERENCES tracksolid.devices;

CREATE INDEX devices_cost_centre ON tracksolid.devices (cost_centre_code);
CREATE INDEX trips_vehicle ON tracksolid.trips (imei, start_time);
CREATE INDEX trips_time ON tracksolid.trips (start_time);
CREATE INDEX alarms_vehicle ON tracksolid.alarms (imei, alert_time);
CREATE INDEX alarms_time ON tracksolid.alarms (alert_time);
CREATE INDEX fuel_readings_vehicle ON tracksolid.fuel_readings (imei, reading_time);
CREATE INDEX parking_events_vehicle ON tracksolid.parking_events (imei, start_time);
CREATE INDEX inc_tickets_cost_centre ON reporting.inc_tickets (cost_centre_code, opened_at);
CREATE INDEX refresh_log_time ON reporting.refresh_log (refreshed_at);
