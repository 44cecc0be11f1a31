"""What everything with an owner, clocks and an end shares: fields, tasks, judging; never the rules of one kind."""
