"""Accounts, credentials and sessions; never what a person does once signed in."""
