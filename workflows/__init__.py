"""The story of every matter, step by step.

Never SQL, HTTP, settings or a client.
"""
