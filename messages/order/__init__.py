"""The wire types of an order's workflow: its start input, its steps and its answers; never rules."""
