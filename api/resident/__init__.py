"""What residents do with a tracking code and no account.

Never anything personal in an answer.
"""
