"""The staff's pages: inbox, task, order, search, a new order on a caller's behalf.

Never here: rules; a form is made from the lifecycle table, and judged where the API's own decisions are.
"""
