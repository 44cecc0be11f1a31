"""The pages and figures for operators and probes; never the words or the people of an order."""
