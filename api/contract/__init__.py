"""The models and views of everything that is sent and shown; never how it is found."""
