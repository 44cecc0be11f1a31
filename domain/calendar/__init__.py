"""Days, hours, instants and what a limit means on them; never a rule of the procedure, and no policy book."""
