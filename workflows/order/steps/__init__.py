"""The steps of an order's procedure, one file each; never the code that waits, judges or records."""
