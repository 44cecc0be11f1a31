"""The rules of the office: pure functions and typed tables.

Never a clock, never I/O, never a third party.
"""
