"""Banyan Academy's catalog as a native service: no Django, SQLAlchemy Core on the monolith's database."""
