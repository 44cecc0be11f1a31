"""What is sent and shown, as models and views; never how it is found."""
