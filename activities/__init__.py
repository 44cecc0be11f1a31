"""What touches the world on a workflow's behalf: one class per concern, dependencies by constructor.

Never a decision about an order.
"""
