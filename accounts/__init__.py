"""Who may come in, and within which limits."""
