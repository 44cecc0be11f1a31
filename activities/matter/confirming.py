"""The activity `look_up`: it asks the store about signals that came without its seal."""

from temporalio import activity

from messages.names import LOOK_UP
from messages.office.directory import LookedUp, LookUp
from store.database import Store
from store.matter.said.confirming import looked_up


class Confirmer:
    """Confirms which signals the store really has, and which codes are in the directory."""

    def __init__(self, store: Store) -> None:
        """Keep the store."""
        self._store = store

    @activity.defn(name=LOOK_UP)
    def look_up(self, asked: LookUp) -> LookedUp:
        """Return what the store knows of signals that came without its seal."""
        with self._store.look() as connection:
            return looked_up(connection, asked)
