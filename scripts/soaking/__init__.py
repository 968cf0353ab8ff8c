"""A soak: a real deployment under mixed load and faults, judged from outside."""
