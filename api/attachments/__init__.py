"""What is attached: files that channels and staff send before they refer to them.

Never what becomes of an order.
"""
