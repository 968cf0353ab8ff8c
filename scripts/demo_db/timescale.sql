-- Only where TimescaleDB can be created; after schema.sql, before the data.
SELECT public.create_hypertable(
    'tracksolid.position_history', 'gps_time',
    chunk_time_interval => interval '7 days', create_default_indexes => false);
