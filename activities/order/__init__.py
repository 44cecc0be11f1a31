"""The activities of an order's workflow: recording a step; never what comes next."""
