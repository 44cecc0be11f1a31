"""What counts in the office's figures; never how it is counted."""
