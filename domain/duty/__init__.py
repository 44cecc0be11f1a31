"""The rules of duties: what a team owes each period, when it is owed, and what counts as done; never how it is kept."""
