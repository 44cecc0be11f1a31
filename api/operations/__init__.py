"""What operators and probes look at; never the words or the people of an order."""
