"""The duty's procedure: what a team owes in a period, told step by step; never what every matter does."""
