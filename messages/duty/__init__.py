"""The wire types of a duty's workflow: its start input, its steps and its answers; never rules."""
