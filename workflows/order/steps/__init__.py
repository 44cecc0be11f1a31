"""What may happen to an order on its way, a step of the procedure a file; never what waits, judges or records."""
