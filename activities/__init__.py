"""Activities act on the world for a workflow: one class for each concern, dependencies by constructor.

Never a decision about an order.
"""
