"""Prove that old and new answer the same: mirror, replay, compare, verify, report."""
