"""Announced years and office hours; never an order that rests on them."""
