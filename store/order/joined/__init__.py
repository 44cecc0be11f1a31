"""Orders about one matter: alike, joined, split, and what is told to several; never one order alone."""
