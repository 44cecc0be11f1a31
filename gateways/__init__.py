"""Outside systems, one package each: a protocol with a real and a null or console version.

Never our tables.
"""
