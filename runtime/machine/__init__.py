"""Programs on this machine: found or built, started, kept alive, and ended with their parent; never what they do."""
