"""fleetmcp against its floor: bare psycopg2, and bare psycopg2 behind a ten-line ASGI app."""
