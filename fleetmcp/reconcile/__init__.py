"""PostgreSQL's own log against the record: is there a statement of the role that has no row?"""
