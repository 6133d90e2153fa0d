"""A library with an N+1 of every kind, and as many endpoints that do it right."""
