"""Messages that still go out, and what they have to say; never their words."""
