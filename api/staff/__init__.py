"""What staff do: tasks, decisions, orders and actions.

Never what channels or residents do.
"""
