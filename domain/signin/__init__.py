"""Rules of local accounts; never a password itself."""
