"""The pages for team leads, on the stock admin."""

from accounts.admin import (  # noqa: F401  # importing registers the pages
    pauses,
    people,
    policies,
    teams,
    tokens,
)
from accounts.oauth import admin  # noqa: F401  # and those of connections
