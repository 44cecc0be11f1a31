"""The activities for every kind of matter: committing, looking up, reconciling; never a step of one kind."""
