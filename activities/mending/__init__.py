"""Comparing store and Temporal, and writing rows again; never in the course of an order."""
