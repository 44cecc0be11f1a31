"""The rules of duties: what a team owes, when it is due, and what counts as done; never how it is stored."""
