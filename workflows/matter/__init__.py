"""The parts that workflows of every kind share, and the workflow `Reconcile`; never a story."""
