"""What a duty's workflow and its schedule do to the world: steps committed, periods opened."""
