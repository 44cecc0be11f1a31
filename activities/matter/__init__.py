"""What did not get through at once is started and signalled, of every matter; never a step of one kind."""
