"""The groups of the `dingdan` command: each function calls `domain` and `store`, and prints the result.

Never a rule and never a statement of SQL; nothing but `cli.py` imports it.
"""
