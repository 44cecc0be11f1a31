"""Lines of text about an order: masked, named, compared; never what is decided of it."""
