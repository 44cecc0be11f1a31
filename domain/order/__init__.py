"""The order: its tables of tasks and actions, its clocks and its own rules; never those of another kind."""
