"""What workflows of every kind are made of, and what finishes what was not started; never a story."""
