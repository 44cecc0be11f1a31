"""The worker process: wires store, gateways and activities to the workflows, and runs until told to stop."""

import asyncio
import gc
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version

import structlog
from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import PrometheusConfig, Runtime
from temporalio.worker import Replayer, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities import figures
from activities.duty.opening import PeriodOpener
from activities.duty.record import DutyRecorder
from activities.figures import Figures
from activities.interceptor import NamedLines
from activities.matter.confirming import Confirmer
from activities.matter.reconcile import OutboxDrain
from activities.matter.recording import PresentRun
from activities.message.deliver import Courier
from activities.order.record import Recorder
from api.typed.phones import phone_keys
from domain.duty.policy import duty_book_beside
from domain.order.policy import newest
from gateways.messaging.chosen import messenger
from gateways.messaging.protocol import Messenger
from messages.duty.workflow import StartDuty
from messages.names import DUTY, ORDER, TASK_QUEUE
from messages.order.workflow import StartOrder
from messages.wire import Wire
from runtime import logging, schedules, temporal, tracing
from runtime.sealing import SignalSeal
from runtime.settings import Settings, WrongSettings
from store import schema
from store.database import Store
from store.signin import secret_key
from workflows.duty.opening import OpenDutiesWorkflow
from workflows.duty.workflow import DutyWorkflow
from workflows.interceptor import TotalSignals
from workflows.matter.reconcile import ReconcileWorkflow
from workflows.order.workflow import OrderWorkflow

CACHED_ORDERS = 500
"""Orders kept in memory between their steps, about 0.3 MiB each; others are replayed when they are needed."""
WORKFLOWS = [OrderWorkflow, DutyWorkflow, OpenDutiesWorkflow, ReconcileWorkflow]
INPUTS: Mapping[str, type[Wire]] = {ORDER: StartOrder, DUTY: StartDuty}
"""The inputs of the workflows that the outbox starts."""
INTERCEPTORS = [TotalSignals(), NamedLines()]
PLAIN = (
    "workflows.options",
    "workflows.matter.clock",
    "workflows.matter.state",
    "workflows.order.state",
    "workflows.duty.state",
)
"""Modules of `workflows` with values and no code that runs by itself (ADR-0015; kept so by a habit test)."""
RUNNER = SandboxedWorkflowRunner(
    # Named one by one: a module passed through runs with the real clock, and all orders share it. The
    # compiled half of `cryptography` imports its own errors when it first needs them; inside the sandbox that
    # ends the process.
    restrictions=SandboxRestrictions.default.with_passthrough_modules(
        "domain", "messages", "activities", "cryptography", *PLAIN
    )
)
_VERSION = f"dingdan-{version('dingdan')}"
_log = structlog.get_logger("worker")


def build(  # noqa: PLR0913 - the parts of a worker
    client: Client,
    store: Store,
    messenger: Messenger,
    *,
    threads: int,
    task_queue: str = TASK_QUEUE,
    cache: int = CACHED_ORDERS,
    meter: MetricMeter = MetricMeter.noop,
    reconcile_every: timedelta | None = None,
    seal: SignalSeal | None = None,
    policy: str = "standard",
    public_url: str = "",
    phone_keys: Callable[[str], tuple[str, ...]] = lambda _: (),
) -> Worker:
    """Build the worker: workflows and activities in one process, so that activities start eagerly.

    `policy` is that of new orders. `phone_keys` hashes the telephone numbers in a text, by which requesters
    are found again.
    """
    now, counted = _now, Figures(meter)
    present_run = _asking(client)
    recorder = Recorder(store, counted, present_run=present_run)
    duties = DutyRecorder(
        store, counted, policy=newest(policy).version, phone_keys=phone_keys, present_run=present_run
    )
    opener = PeriodOpener(store, now, policy=policy, page=f"{public_url}/desk/duties")
    courier = Courier(store, messenger, now, counted)
    orders = temporal.Orders(client, task_queue=task_queue, seal=seal)
    drain = OutboxDrain(store, orders, now, counted, inputs=INPUTS, interval=reconcile_every)
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=[
            recorder.record,
            duties.record,
            opener.open,
            Confirmer(store).look_up,
            courier.deliver,
            drain.drain,
            drain.start,
        ],
        activity_executor=ThreadPoolExecutor(max_workers=threads, thread_name_prefix="activity"),
        max_concurrent_activities=threads,
        max_concurrent_workflow_tasks=20,
        max_cached_workflows=cache,
        workflow_runner=RUNNER,
        interceptors=INTERCEPTORS,
        graceful_shutdown_timeout=timedelta(seconds=10),
        # The UI shows it with each task. The SDK's own would hash every module, compiled for it: seconds.
        build_id=_VERSION,
    )


def _asking(client: Client) -> PresentRun:
    """Let an activity in a thread ask through a client of this event loop."""
    loop = asyncio.get_running_loop()

    def present_run(order_no: str) -> str | None:
        asked = asyncio.run_coroutine_threadsafe(temporal.present_run(client, order_no), loop)
        return asked.result()

    return present_run


def replayer() -> Replayer:
    """Build a replayer that runs histories as this worker would."""
    return Replayer(
        workflows=WORKFLOWS,
        workflow_runner=RUNNER,
        interceptors=INTERCEPTORS,
        data_converter=pydantic_data_converter,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def pace_garbage_collection() -> None:
    """Run the garbage collector rarely enough for Temporal, and often enough for the memory.

    An order in memory is about 700 objects that refer to each other: only a full collection frees one that
    has left the cache. With a full cache that stops the interpreter for a third of a second, and the SDK
    counts two seconds as a deadlock. Objects that exist at the start are never looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 5, 4)


async def run(settings: Settings) -> None:
    """Connect, check that orders can run, and work until SIGTERM or SIGINT."""
    logging.configure(settings.log_format)
    pace_garbage_collection()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = Store(settings.database_url, pool_size=settings.threads)
    schema.check(store.engine)
    secret = settings.secret_key.get_secret_value()
    secret_key.check(store, secret)
    runtime = sdk_runtime(settings)
    await _prepare(settings, runtime)
    tracer_provider = tracing.configure("dingdan-worker")
    client = await temporal.connect(interceptors=tracing.interceptors(tracer_provider), runtime=runtime)
    async with build(
        client,
        store,
        messenger(),
        threads=settings.threads,
        meter=runtime.metric_meter,
        reconcile_every=timedelta(seconds=settings.reconcile_seconds),
        seal=SignalSeal(secret),
        policy=settings.policy,
        public_url=settings.public_url,
        phone_keys=partial(phone_keys, secret),
    ):
        _log.info("worker_ready", namespace=client.namespace, task_queue=TASK_QUEUE)
        await stop.wait()
    store.close()
    if tracer_provider is not None:
        await asyncio.to_thread(tracer_provider.shutdown)
    _log.info("worker_stopped")


async def _prepare(settings: Settings, runtime: Runtime) -> None:
    """Check that orders can run, by an untraced client: all rounds of `Reconcile` would be one trace."""
    client = await temporal.connect(runtime=runtime)
    await temporal.check(client)
    await temporal.Orders(client).ensure_reconcile(interval=timedelta(seconds=settings.reconcile_seconds))
    await schedules.ensure_meetings(client, duty_book_beside(settings.policy).rhythm)


def sdk_runtime(settings: Settings) -> Runtime:
    """Return the SDK's runtime, which serves its figures where the settings say.

    Raises:
        WrongSettings: the address cannot be listened on.
    """
    try:
        return temporal.sdk_runtime(metrics(settings))
    except ValueError as error:
        raise WrongSettings(
            f"/metrics cannot be served at {settings.metrics_host}:{settings.metrics_port} ({error}); "
            "choose another DINGDAN_METRICS_PORT, and an address of this machine as DINGDAN_METRICS_HOST"
        ) from None


def metrics(settings: Settings) -> PrometheusConfig | None:
    """Return where and in which form figures are served; `None` if they are not."""
    if settings.metrics_port is None:
        return None
    return PrometheusConfig(
        bind_address=f"{settings.metrics_host}:{settings.metrics_port}",
        durations_as_seconds=True,
        counters_total_suffix=True,
        unit_suffix=True,
        histogram_bucket_overrides={figures.SECONDS: figures.BUCKETS},
    )
