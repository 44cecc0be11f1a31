"""Lines of text about an order: masked, named, compared; never decisions on it."""
