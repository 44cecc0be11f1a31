"""What the rules of the office say: pure functions and typed tables.

Never a clock, never I/O, never a third party.
"""
