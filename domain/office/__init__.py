"""Units, posts, people's roles and who answers for what; never an order, and nothing that has an end."""
