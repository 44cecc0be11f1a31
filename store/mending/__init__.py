"""Looking at everything, and writing again what was lost: nobody else looks at this."""
