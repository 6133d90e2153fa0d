"""A shop of many stalls: a project with what real ones have, for extraction to keep."""
