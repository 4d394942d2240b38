"""Use cases: each takes a session and `now`, and owns its transaction."""
