"""What a duty's workflow is started with, records and answers; never rules."""
