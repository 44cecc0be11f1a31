"""Messages to residents and units.

The console version writes them to the log without any person's data; real providers come beside it.
"""
