"""The wire types of every kind of matter: signals, tasks, parts of a step; never the facts of one kind."""
