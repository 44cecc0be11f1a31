"""What is counted over all; never a single row for a page."""
