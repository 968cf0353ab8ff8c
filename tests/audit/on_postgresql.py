"""Let a test run keep its app database on PostgreSQL: a plugin, to be named after the usual one.

``APP_DATABASE_ON=postgresql://… python -m pytest -p tests.audit.on_postgresql tests/audit/…``
"""

from __future__ import annotations

import os

os.environ["APP_DATABASE_URL"] = os.environ["APP_DATABASE_ON"]
