"""Orders about one matter: alike, joined, split, and told the same; never one order alone."""
