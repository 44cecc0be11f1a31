"""The parts that every endpoint works with: the store, the way to Temporal, threads, and the clock.

Assumes async endpoints: each transaction runs in a thread of our own pool, so that a waiting request never
holds a thread that an intake needs.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import structlog
from fastapi import Depends, Request

from api.keys import InFlight
from api.limits import Limits
from api.metrics import Metrics
from domain.signin.accounts import PROFILES, Profile
from messages.matter.signals import CompleteTask, Said
from runtime.oidc import Provider
from runtime.passwords import Passwords
from runtime.temporal import OrderGone, Orders, TemporalAway
from store.attachment.files import FileStore
from store.database import Connection, Store, StoreUnavailable, WriteConflict
from store.matter import outbox
from store.matter.said.unheard import reject_if_archived

T = TypeVar("T")
_PICTURES_AT_ONCE = 2
_log = structlog.get_logger("api")


class Service:
    """The parts of one app."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        store: Store,
        files: FileStore,
        orders: Orders,
        secret: str,
        policy: str,
        public_url: str,
        threads: int,
        profile: Profile = PROFILES["mlps"],
        provider: Provider | None = None,
        hotline: str = "12345",
        temporal_ui: str | None = None,
    ) -> None:
        """Keep the parts; `provider` is the office's own for signing in, and `temporal_ui` an address, if known."""
        self.store = store
        self.files = files
        self.orders = orders
        self.secret = secret
        self.policy = policy
        self.public_url = public_url
        self.metrics = Metrics()
        self.profile = profile
        self.provider = provider
        self.hotline = hotline
        self.temporal_ui = temporal_ui
        self.passwords = Passwords()
        self.limits = Limits()
        self.in_flight = InFlight()
        self.sent = SentMarks(self)
        self.picturing = asyncio.Semaphore(_PICTURES_AT_ONCE)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="store")

    def now(self) -> datetime:
        """Return the present instant, UTC."""
        return datetime.now(UTC)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a reading transaction in a thread; all its statements see one state."""
        return await self._in_thread(self.store.read, work)

    async def look(self, work: Callable[[Connection], T]) -> T:
        """Run statements that need not agree with each other in a thread."""
        return await self._in_thread(self.store.look, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a writing transaction in a thread."""
        return await self._in_thread(self.store.write, work)

    async def write_once(self, work: Callable[[Connection], T]) -> T:
        """Run a writing transaction with a key, and once more if another process used the key first.

        The other process has committed by then, so the second run finds its rows and answers like a repetition.
        """
        try:
            return await self.write(work)
        except WriteConflict:
            return await self.write(work)

    async def send(self, order_no: str, said: Said, outbox_id: int) -> None:
        """Signal after the commit; a signal that does not get through in time stays in the outbox for `Reconcile`."""
        try:
            # A start that this process sent but has not marked yet would make the signal wait for nothing.
            await self.sent.flush()
            if await self.look(
                lambda connection: outbox.must_wait(connection, order_no, outbox_id, now=self.now())
            ):
                return
            if isinstance(said, CompleteTask):
                await self.orders.complete_task(order_no, said)
            else:
                await self.orders.act(order_no, said)
        except (TemporalAway, StoreUnavailable) as error:
            _log.warning("signal_left_to_reconcile", order_no=order_no, reason=str(error))
            return
        except OrderGone as error:
            if not await self.write(
                lambda connection: _reject(connection, order_no, said, outbox_id, self.now())
            ):
                _log.warning("signal_left_to_reconcile", order_no=order_no, reason=str(error))
            return
        self.sent.add(outbox_id)

    async def close(self) -> None:
        """Write the last marks, then release threads and connections."""
        await self.sent.flush()
        self._pool.shutdown()
        self.store.close()

    async def _in_thread(self, open_: Callable[[], object], work: Callable[[Connection], T]) -> T:
        def transact() -> T:
            with open_() as connection:  # type: ignore[attr-defined]  # a context manager of the store
                return work(connection)

        # The context of the request goes along, so that log lines of the thread name it.
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._pool, context.run, transact)


class SentMarks:
    """Outbox rows that were sent to Temporal and are marked a moment later, many in one transaction.

    A mark that is lost with the process costs nothing: `Reconcile` sends again, and Temporal ignores the repetition.
    The pause is far shorter than the time that `Reconcile` leaves to a row's writer.
    """

    _PAUSE = timedelta(milliseconds=500)

    def __init__(self, service: "Service") -> None:
        """Start without marks."""
        self._service = service
        self._ids: list[int] = []
        self._lock = asyncio.Lock()
        self._writing: asyncio.Task[None] | None = None

    def add(self, outbox_id: int) -> None:
        """Mark a row as sent, soon."""
        self._ids.append(outbox_id)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon())

    async def flush(self) -> None:
        """Write the waiting marks now; other callers wait until they are written."""
        async with self._lock:
            ids, self._ids = self._ids, []
            if ids:
                now = self._service.now()
                await self._service.write(lambda connection: outbox.mark_sent(connection, ids, now=now))

    async def _write_soon(self) -> None:
        while self._ids:
            await asyncio.sleep(self._PAUSE.total_seconds())
            try:
                await self.flush()
            except StoreUnavailable:
                _log.warning("marks_left_to_reconcile")


def _reject(connection: Connection, order_no: str, said: Said, outbox_id: int, now: datetime) -> bool:
    if not reject_if_archived(connection, order_no, said.said_id, now=now):
        return False
    outbox.mark_sent(connection, [outbox_id], now=now, result=outbox.Result.ORDER_ARCHIVED)
    return True


async def _service(request: Request) -> Service:
    service = request.app.state.service
    assert isinstance(service, Service)  # noqa: S101 - narrows for the type checker
    return service


ServiceDep = Annotated[Service, Depends(_service)]
