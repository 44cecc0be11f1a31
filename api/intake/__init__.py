"""What channels do: place orders and look at those they sent.

Never what staff or residents do.
"""
