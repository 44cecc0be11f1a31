"""What processes send each other: Temporal wire types, wire names and ids.

Never rules, never I/O.
"""
