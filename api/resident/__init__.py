"""The residents' routes and pages, which need no account: placing an order, and following it by its tracking code.

Never anything personal about others in an answer.
"""
