"""The workflow of one order: the story, its case, and the steps with much to say.

Never a rule (those are in `domain`) and never an effect (those are in `activities`).
"""
