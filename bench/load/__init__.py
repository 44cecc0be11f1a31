"""Figures under load, with processes of their own."""
