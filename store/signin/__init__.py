"""Accounts, credentials and sessions; never what somebody does once signed in."""
