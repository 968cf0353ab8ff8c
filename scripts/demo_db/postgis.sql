-- Only where PostGIS can be created; after schema.sql, before the data.
ALTER TABLE tracksolid.position_history ADD COLUMN geom public.geometry(Point, 4326)
    GENERATED ALWAYS AS (public.st_setsrid(public.st_makepoint(lng, lat), 4326)) STORED;
ALTER TABLE tracksolid.live_positions ADD COLUMN geom public.geometry(Point, 4326)
    GENERATED ALWAYS AS (public.st_setsrid(public.st_makepoint(lng, lat), 4326)) STORED;
