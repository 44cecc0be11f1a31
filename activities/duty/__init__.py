"""The activities of a duty's workflow and of its schedule: committing steps, opening periods."""
