"""The procedure of a duty, step by step: what a team owes in a period; never what every matter does."""
