"""The staff's pages: inbox, task, order, search, a new order on a caller's behalf.

Never rules: a form is made from the lifecycle table, and judged by the same code as the API's decisions.
"""
