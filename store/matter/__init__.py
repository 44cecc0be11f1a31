"""What every matter has in the store: tasks, decisions, events, outbox; never the facts of one kind."""
