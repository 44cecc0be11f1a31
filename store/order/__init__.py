"""The rows of orders: taken in, written step by step, found; never those of another kind."""
