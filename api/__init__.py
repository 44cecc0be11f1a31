"""The HTTP edge: translates requests into the store's functions and their answers into JSON.

Never a rule; never a workflow, an activity or a gateway.
"""
