"""What an order's workflow has done for it: a step is recorded; never what comes next."""
