"""Messages: their words, and sending them; never who is told what, which the workflow says."""
