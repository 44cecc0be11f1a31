"""Rebuilding: writing an order's rows again from its recorded histories."""

import asyncio
from collections.abc import Iterator

from messages.matter.recorded import RecordedMatter
from runtime.histories import read_matter
from runtime.temporal import Orders
from store.database import Store
from store.mending.comparison import page_of_numbers
from store.mending.rebuild import AheadOfHistory, Rebuilt, rebuild

_PAGE = 500
_LOOKS = 3
_BETWEEN_LOOKS = 1.0


class Rebuilder:
    """Writes rows again from histories, one order and one transaction at a time."""

    def __init__(self, store: Store, orders: Orders) -> None:
        """Keep the store and the way to Temporal."""
        self._store = store
        self._orders = orders

    def all_orders(self) -> Iterator[str]:
        """List every order of the store, page by page."""
        after = ""
        while True:
            with self._store.read() as connection:
                page = page_of_numbers(connection, after=after, limit=_PAGE)
            if not page:
                return
            yield from page
            after = page[-1]

    async def rebuild(self, order_no: str, *, dry_run: bool = False) -> Rebuilt:
        """Write one order's rows again, or with `dry_run` only say what would change.

        If the store is ahead, it looks again: a step may have come since the history was read. If the store
        stays ahead, Temporal was restored to an earlier time, and the order goes on from there.

        Raises:
            NoHistory: Temporal does not know the order, or has forgotten a run of it.
            RowGone: the order is not in the store any more.
            UnknownRun: rows would be lost that no history can write again.
            TemporalAway: it refused or did not answer.
        """
        client = await self._orders.client()
        for _ in range(_LOOKS - 1):
            try:
                return await self._write(await read_matter(client, order_no), dry_run=dry_run)
            except AheadOfHistory:
                await asyncio.sleep(_BETWEEN_LOOKS)
        return await self._write(await read_matter(client, order_no), behind=True, dry_run=dry_run)

    async def _write(self, recorded: RecordedMatter, *, behind: bool = False, dry_run: bool) -> Rebuilt:
        def write() -> Rebuilt:
            with self._store.write() as connection:
                return rebuild(connection, recorded, behind=behind, dry_run=dry_run)

        return await asyncio.to_thread(write)
