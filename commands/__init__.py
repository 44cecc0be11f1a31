"""The groups of the `dingdan` command: each function asks `domain` and `store`, and says what came of it.

Never a rule and never a statement of SQL; nothing but `cli.py` imports it.
"""
