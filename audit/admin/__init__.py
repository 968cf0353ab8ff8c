"""The record in Django admin: to read for those who may, to change for nobody."""

from audit.admin import queries  # noqa: F401  # importing registers its pages
