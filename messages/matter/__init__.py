"""What every kind of matter says: signals, tasks, the common parts of a step; never the facts of one kind."""
