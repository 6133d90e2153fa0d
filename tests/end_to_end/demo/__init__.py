"""`make demo`: one walk across and back, with real processes."""
