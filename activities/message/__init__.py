"""Wording and sending messages; never who gets which, which the workflow decides."""
