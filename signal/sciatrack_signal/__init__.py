"""A `Recording` becomes reps and holds; no I/O, no wall clock, no database."""
