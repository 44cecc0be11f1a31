"""What is said about the delivery of messages; never their words."""
