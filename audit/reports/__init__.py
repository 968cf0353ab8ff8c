"""Figures about the record: counted, kept by the day, and put together for the usage page."""
