"""The bazaar's views, a module for each theme."""
