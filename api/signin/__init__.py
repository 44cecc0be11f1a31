"""Signing in and out, and one's own account: passwords, second factors, the office's provider, sessions.

Never here: what somebody may do once they are in (`api.security`).
"""
