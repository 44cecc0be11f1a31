"""What an order's workflow is started with, records and answers; never rules."""
