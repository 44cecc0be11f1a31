"""Counts over all matters; never a single row for a page."""
