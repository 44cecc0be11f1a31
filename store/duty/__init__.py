"""Duties in the store: opened for a period, recorded, listed, and the orders that a meeting brings."""
