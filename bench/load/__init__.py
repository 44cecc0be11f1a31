"""Figures under load, from separate processes."""
