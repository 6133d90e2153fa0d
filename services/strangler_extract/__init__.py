"""Writes contracts and services from DRF views."""
