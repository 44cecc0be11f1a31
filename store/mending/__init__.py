"""Looking at everything, and writing again what was lost; no other package of the store uses this."""
