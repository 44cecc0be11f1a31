"""The routes of staff: tasks, decisions, orders, duties and actions.

Never those of channels or residents.
"""
