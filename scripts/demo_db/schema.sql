-- Tables of the demo database, as the field has them. Run as tracksolid_owner.
-- The keys of the big tables come after the data (keys.sql): loading is twice as fast.

CREATE SCHEMA tracksolid;
CREATE SCHEMA reporting;

CREATE TABLE reporting.cost_centres (
    code               text PRIMARY KEY,
    name               text NOT NULL UNIQUE,
    city               text NOT NULL,
    department         text NOT NULL,
    monthly_budget_kes numeric(12, 2) NOT NULL,
    active             boolean NOT NULL DEFAULT true
);

CREATE TABLE tracksolid.drivers (
    driver_id       integer PRIMARY KEY,
    full_name       text NOT NULL,
    phone           text NOT NULL,
    national_id     text NOT NULL,
    licence_number  text NOT NULL,
    licence_expires date NOT NULL,
    hired_on        date NOT NULL,
    city            text NOT NULL,
    active          boolean NOT NULL DEFAULT true
);

CREATE TABLE tracksolid.devices (
    imei             text PRIMARY KEY,
    device_name      text NOT NULL,
    vehicle_name     text NOT NULL,
    vehicle_number   text NOT NULL UNIQUE,
    vehicle_model    text NOT NULL,
    vin              text NOT NULL,
    sim              text NOT NULL,
    driver_id        integer REFERENCES tracksolid.drivers,
    driver_name      text,
    driver_phone     text,
    cost_centre_code text NOT NULL REFERENCES reporting.cost_centres,
    city             text NOT NULL,
    depot            text NOT NULL,
    tank_litres      numeric(5, 1) NOT NULL,
    activation_time  timestamptz NOT NULL,
    expiration       timestamptz NOT NULL,
    enabled          boolean NOT NULL DEFAULT true
);

CREATE TABLE tracksolid.position_history (
    imei            text NOT NULL,
    gps_time        timestamptz NOT NULL,
    hb_time         timestamptz NOT NULL,
    lat             double precision NOT NULL,
    lng             double precision NOT NULL,
    speed           smallint NOT NULL,
    direction       smallint NOT NULL,
    acc_status      smallint NOT NULL,
    gps_signal      smallint NOT NULL,
    gps_num         smallint NOT NULL,
    power_value     numeric(4, 1) NOT NULL,
    elect_quantity  smallint NOT NULL,
    current_mileage numeric(10, 1) NOT NULL,
    tracker_oil     numeric(6, 1)
);

CREATE TABLE tracksolid.live_positions (
    imei            text PRIMARY KEY REFERENCES tracksolid.devices,
    gps_time        timestamptz NOT NULL,
    hb_time         timestamptz NOT NULL,
    lat             double precision NOT NULL,
    lng             double precision NOT NULL,
    speed           smallint NOT NULL,
    direction       smallint NOT NULL,
    acc_status      smallint NOT NULL,
    gps_signal      smallint NOT NULL,
    gps_num         smallint NOT NULL,
    power_value     numeric(4, 1) NOT NULL,
    elect_quantity  smallint NOT NULL,
    current_mileage numeric(10, 1) NOT NULL,
    tracker_oil     numeric(6, 1)
);

CREATE TABLE tracksolid.trips (
    trip_id         bigint PRIMARY KEY,
    imei            text NOT NULL REFERENCES tracksolid.devices,
    driver_id       integer REFERENCES tracksolid.drivers,
    start_time      timestamptz NOT NULL,
    end_time        timestamptz NOT NULL,
    start_lat       double precision NOT NULL,
    start_lng       double precision NOT NULL,
    end_lat         double precision NOT NULL,
    end_lng         double precision NOT NULL,
    start_place     text NOT NULL,
    end_place       text NOT NULL,
    distance_m      integer NOT NULL,
    driving_seconds integer NOT NULL,
    idle_seconds    integer NOT NULL,
    avg_speed       numeric(5, 1) NOT NULL,
    max_speed       smallint NOT NULL,
    fuel_used_l     numeric(7, 2) NOT NULL,
    CHECK (end_time > start_time)
);

CREATE TABLE tracksolid.alarms (
    alarm_id        bigint PRIMARY KEY,
    imei            text NOT NULL REFERENCES tracksolid.devices,
    alert_type_id   smallint NOT NULL,
    alarm_type_name text NOT NULL,
    alert_time      timestamptz NOT NULL,
    lat             double precision NOT NULL,
    lng             double precision NOT NULL,
    speed           smallint NOT NULL
);

CREATE TABLE tracksolid.fuel_readings (
    reading_id   bigint PRIMARY KEY,
    imei         text NOT NULL REFERENCES tracksolid.devices,
    reading_time timestamptz NOT NULL,
    event        text NOT NULL CHECK (event IN ('reading', 'refuel', 'drop')),
    level_l      numeric(6, 1) NOT NULL,
    change_l     numeric(6, 1) NOT NULL,
    temperature  numeric(4, 1) NOT NULL
);

CREATE TABLE tracksolid.parking_events (
    event_id   bigint PRIMARY KEY,
    imei       text NOT NULL REFERENCES tracksolid.devices,
    start_time timestamptz NOT NULL,
    end_time   timestamptz NOT NULL,
    duration_s integer NOT NULL,
    lat        double precision NOT NULL,
    lng        double precision NOT NULL,
    place      text NOT NULL
);

CREATE TABLE reporting.inc_tickets (
    ticket_number    text PRIMARY KEY,
    cost_centre_code text NOT NULL REFERENCES reporting.cost_centres,
    imei             text REFERENCES tracksolid.devices,
    category         text NOT NULL,
    priority         text NOT NULL CHECK (priority IN ('P1', 'P2', 'P3', 'P4')),
    status           text NOT NULL CHECK (status IN ('open', 'in progress', 'resolved', 'closed')),
    opened_at        timestamptz NOT NULL,
    dispatched_at    timestamptz,
    resolved_at      timestamptz,
    sla_hours        smallint NOT NULL,
    summary          text NOT NULL
);

CREATE TABLE reporting.refresh_log (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    refreshed_at timestamptz NOT NULL,
    object_name  text NOT NULL,
    duration_ms  integer NOT NULL,
    notes        text
);
