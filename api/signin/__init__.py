"""Signing in and out, and a person's own account: passwords, second factors, the office's provider, sessions.

Never the permissions of people who are signed in (`api.security`).
"""
