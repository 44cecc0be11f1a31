"""What happens to an order, in sequence.

Never SQL, HTTP, settings or a client.
"""
