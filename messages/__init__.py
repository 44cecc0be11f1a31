"""What is said between processes: Temporal wire types, wire names and ids.

Never rules, never I/O.
"""
