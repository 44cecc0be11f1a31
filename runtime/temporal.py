"""The one place where the Temporal client lives: connecting, starting and signalling orders.

Assumes the SDK's own client configuration (`TEMPORAL_ADDRESS` and so on). A call that Temporal does
not answer in time fails with an error that says so, and never waits longer than it was allowed.
"""

import asyncio
import functools
import gc
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client, Interceptor
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RPCError, RPCStatusCode

from messages import names
from messages.matter.outbox import Reconcile, StartMatter
from messages.matter.signals import CompleteTask, MatterAction
from messages.search_attributes import at_start
from runtime.sealing import SignalSeal

CALL_LIMIT = timedelta(seconds=1.5)
"""How long one call to Temporal may keep a request waiting."""
_CONNECT_LIMIT = timedelta(seconds=3)
_NAMESPACE_LIMIT = timedelta(seconds=30)
_NAMESPACE_POLL_SECONDS = 0.5
_LONGEST_REASON = 200


class TemporalAway(Exception):
    """Temporal did not answer in time, or could not be reached."""


class NotTaken(TemporalAway):
    """Temporal answered, and refuses the call as it is: sent again, it is refused again."""


class OrderGone(Exception):
    """No workflow of the order runs: it is archived, or its workflow is missing or was ended by force."""


class WrongSearchAttribute(Exception):
    """A search attribute exists with another type."""


class MissingSearchAttributes(Exception):
    """Search attributes are not registered."""


def let_go() -> None:
    """End the SDK's threads before the interpreter ends; call it last, when no client is in use any more.

    A short program that exits at once after a call crashed in 11 of 160 runs: one of those threads was
    still handing an answer over while the interpreter was being taken down.
    """
    _usual_runtime.cache_clear()
    gc.collect()


def is_unknown(error: RPCError) -> bool:
    """Tell whether a workflow is unknown or has ended; a missing namespace is a fault of the installation."""
    return error.status is RPCStatusCode.NOT_FOUND and "namespace" not in str(error).lower()


async def connect(
    *, interceptors: Sequence[Interceptor] = (), runtime: Runtime | None = None, **overrides: Any
) -> Client:
    """Connect as the environment says.

    Raises:
        TemporalAway: no server answers there, or the environment is wrong.
    """
    config: dict[str, Any] = {**_client_config(), **overrides}
    config.setdefault("target_host", "localhost:7233")
    config.setdefault("namespace", names.NAMESPACE)
    try:
        async with asyncio.timeout(_CONNECT_LIMIT.total_seconds()):
            return await Client.connect(
                data_converter=pydantic_data_converter,
                interceptors=interceptors,
                runtime=runtime or _usual_runtime(),
                **config,
            )
    except (RPCError, RuntimeError, TimeoutError, OSError) as error:
        raise TemporalAway(
            f"no Temporal server answers at {config['target_host']}; make sure that it runs, and check TEMPORAL_ADDRESS"
        ) from error
    except ValueError as error:
        raise TemporalAway(
            "Temporal's address or certificates are not in order; check TEMPORAL_ADDRESS and TEMPORAL_TLS_*"
        ) from error


def _client_config() -> dict[str, Any]:
    """Read the client's configuration, with errors of ours: the SDK's own show lines of the file, and so keys."""
    named = os.environ.get("TEMPORAL_CONFIG_FILE")
    try:
        if named and not Path(named).is_file():
            raise TemporalAway(f"there is no file {named}; check TEMPORAL_CONFIG_FILE")
        return {**ClientConfig.load_client_connect_config()}
    except OSError as error:
        which = "TEMPORAL_CONFIG_FILE and TEMPORAL_TLS_*"
        raise TemporalAway(f"{error.filename} cannot be read; check {which}") from None
    except (RuntimeError, ValueError) as error:
        if "profile" in str(error).lower() and "not found" in str(error):
            why = "there is no such profile; check TEMPORAL_PROFILE"
        else:
            why = "they are not in order; check TEMPORAL_CONFIG_FILE"
        raise TemporalAway(f"Temporal's client settings cannot be read: {why}") from None


def sdk_runtime(metrics: PrometheusConfig | None = None) -> Runtime:
    """Make the runtime of the SDK: its own lines go to our log, its figures to a port if there is one."""
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(
                filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
                forwarding=LogForwardingConfig(
                    logger=logging.getLogger("temporalio.core"),
                    append_target_to_name=False,
                    prepend_target_on_message=False,
                ),
            ),
            metrics=metrics,
        )
    )


@functools.cache
def _usual_runtime() -> Runtime:
    return sdk_runtime()


class Orders:
    """The orders' workflows, as the rest of the program may reach them.

    Connects when first needed and again after a failure, one at a time, so that a program starts and
    serves while Temporal is away. What it sends was kept by the store, and goes under the store's seal.
    """

    def __init__(
        self,
        client: Client | None = None,
        *,
        task_queue: str = names.TASK_QUEUE,
        interceptors: Sequence[Interceptor] = (),
        seal: SignalSeal | None = None,
    ) -> None:
        """Use a client that is connected already, or connect later, then with these interceptors.

        Without a seal every order asks the store whether a signal was really kept there.
        """
        self._client = client
        self._task_queue = task_queue
        self._interceptors = interceptors
        self._seal = seal
        self._connecting = asyncio.Lock()

    @property
    def task_queue(self) -> str:
        """The queue whose workers run the orders."""
        return self._task_queue

    async def client(self) -> Client:
        """Return the connected client.

        Raises:
            TemporalAway: no connection can be made now.
        """
        if self._client is None:
            async with self._connecting:
                if self._client is None:
                    self._client = await connect(interceptors=self._interceptors)
        return self._client

    async def start(self, start: StartMatter, *, limit: timedelta = CALL_LIMIT) -> None:
        """Start a matter's workflow; if it runs or has run already, that is success.

        Raises:
            TemporalAway: it refused, or did not answer in time.
        """
        try:
            async with asyncio.timeout(limit.total_seconds()):
                client = await self.client()
                await client.start_workflow(
                    start.workflow_type,
                    {**start.input, "seal_key": self._seal.public_key if self._seal else None},
                    id=start.workflow_id,
                    task_queue=self._task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=start.summary,
                    static_details=start.details,
                    search_attributes=at_start(start.attributes),
                )
        except WorkflowAlreadyStartedError:
            return
        except (RPCError, RuntimeError, TimeoutError, OSError) as error:
            raise _failure("the workflow could not be started", error) from error

    async def complete_task(
        self, matter_no: str, said: CompleteTask, *, limit: timedelta = CALL_LIMIT
    ) -> None:
        """Signal a decision.

        Raises:
            OrderGone: no workflow of the order runs.
            TemporalAway: it refused, or did not answer in time.
        """
        await self._signal(matter_no, names.COMPLETE_TASK, said, limit)

    async def act(self, matter_no: str, said: MatterAction, *, limit: timedelta = CALL_LIMIT) -> None:
        """Signal an action.

        Raises:
            OrderGone: no workflow of the order runs.
            TemporalAway: it refused, or did not answer in time.
        """
        await self._signal(matter_no, names.action_signal(matter_no), said, limit)

    async def _signal(
        self, matter_no: str, name: str, said: CompleteTask | MatterAction, limit: timedelta
    ) -> None:
        if self._seal is not None:
            sealed = self._seal.sign(matter_no, said.model_dump(mode="json"))
            said = said.model_copy(update={"seal": sealed})
        try:
            async with asyncio.timeout(limit.total_seconds()):
                client = await self.client()
                await client.get_workflow_handle(names.workflow_id_of(matter_no)).signal(name, said)
        except RPCError as error:
            if is_unknown(error):
                raise OrderGone(f"matter {matter_no} has no running workflow") from error
            raise _failure("the signal could not be sent", error) from error
        except (RuntimeError, TimeoutError, OSError) as error:
            raise _failure("the signal could not be sent", error) from error

    async def check(self, *, limit: timedelta = CALL_LIMIT) -> None:
        """Check that an order could be started now.

        Raises:
            TemporalAway: it refused, or did not answer in time.
            MissingSearchAttributes: `dingdan setup` was not run.
            WrongSearchAttribute: one exists with another type.
        """
        with answering():
            async with asyncio.timeout(limit.total_seconds()):
                await check(await self.client())

    async def ensure_reconcile(self, *, interval: timedelta) -> None:
        """Make sure that the one `Reconcile` runs.

        Raises:
            TemporalAway: it refused or did not answer.
        """
        client = await self.client()
        with answering():
            await client.start_workflow(
                names.RECONCILE,
                Reconcile(interval_seconds=interval.total_seconds()),
                id=names.RECONCILE_ID,
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary="finishes what could not be started or signalled at once",
            )


@contextmanager
def answering() -> Iterator[None]:
    """Turn a server's refusal or silence into one failure that says so."""
    try:
        yield
    except (RPCError, RuntimeError, TimeoutError, OSError) as error:
        raise TemporalAway(_why(error)) from error


def _failure(what: str, error: Exception) -> TemporalAway:
    """Separate a call that Temporal will never take from one that it may take later, once it is there or set up."""
    refused = isinstance(error, RPCError) and error.status is RPCStatusCode.INVALID_ARGUMENT
    return (NotTaken if refused and not _is_to_set_up(error) else TemporalAway)(f"{what}: {_why(error)}")


def _is_to_set_up(error: Exception) -> bool:
    """Tell whether a namespace or search attributes are missing; else the call itself is wrong."""
    if not isinstance(error, RPCError):
        return False
    said = error.message.lower()
    return error.status is RPCStatusCode.NOT_FOUND or (
        "search attribute" in said and ("not defined" in said or "no mapping" in said)
    )


def _why(error: Exception) -> str:
    """Say in one line why a call failed: the server's words name namespaces and attributes, never people's data."""
    if not isinstance(error, RPCError):
        return "Temporal did not answer in time"
    hint = "; run: dingdan setup" if _is_to_set_up(error) else ""
    return f"Temporal refused or did not answer ({error.message[:_LONGEST_REASON]}){hint}"


async def set_up(client: Client) -> list[str]:
    """Make namespace, retention and search attributes as they should be, and return what was changed.

    Raises:
        TemporalAway: it refused or did not answer.
        WrongSearchAttribute: one exists with another type.
    """
    with answering():
        changed = await _set_up_namespace(client)
        await _until_known(client)
        missing = await _missing_search_attributes(client)
        if missing:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(
                    namespace=client.namespace,
                    search_attributes={name: _value_type(names.SEARCH_ATTRIBUTES[name]) for name in missing},
                )
            )
            changed.append(f"registered search attributes {', '.join(missing)}")
        await _until_usable(client)
    return changed


async def has_worker(client: Client, *, task_queue: str = names.TASK_QUEUE) -> bool:
    """Tell whether a worker polls for orders now.

    Raises:
        TemporalAway: it refused or did not answer.
    """
    with answering():
        described = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
    return bool(described.pollers)


async def present_run(client: Client, matter_no: str) -> str | None:
    """Return the id of a matter's present run; `None` if there is none.

    Raises:
        TemporalAway: it refused or did not answer in time.
    """
    try:
        async with asyncio.timeout(CALL_LIMIT.total_seconds()):
            return (await client.get_workflow_handle(names.workflow_id_of(matter_no)).describe()).run_id
    except RPCError as error:
        if is_unknown(error):
            return None
        raise TemporalAway(_why(error)) from error
    except (RuntimeError, TimeoutError, OSError) as error:
        raise TemporalAway(_why(error)) from error


async def check(client: Client) -> None:
    """Check that an order could run here.

    Raises:
        TemporalAway: it refused or did not answer.
        MissingSearchAttributes: `dingdan setup` was not run.
        WrongSearchAttribute: one exists with another type.
    """
    with answering():
        missing = await _missing_search_attributes(client)
    if missing:
        raise MissingSearchAttributes(
            f"namespace {client.namespace} lacks the search attributes {', '.join(missing)}; run: dingdan setup"
        )


async def _set_up_namespace(client: Client) -> list[str]:
    retention = timedelta(days=names.RETENTION_DAYS)
    service = client.workflow_service
    try:
        described = await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        request = RegisterNamespaceRequest(namespace=client.namespace)
        request.workflow_execution_retention_period.FromTimedelta(retention)
        await service.register_namespace(request)
        return [f"registered namespace {client.namespace} with {names.RETENTION_DAYS} days of retention"]
    if described.config.workflow_execution_retention_ttl.ToTimedelta() == retention:
        return []
    update = UpdateNamespaceRequest(namespace=client.namespace)
    update.config.workflow_execution_retention_ttl.FromTimedelta(retention)
    await service.update_namespace(update)
    return [f"set the retention of namespace {client.namespace} to {names.RETENTION_DAYS} days"]


async def _until_known(client: Client) -> None:
    """Wait until every part of the server has heard of a new namespace: each reads the list now and then."""
    request = ListSearchAttributesRequest(namespace=client.namespace)
    await _until_heard(
        lambda: client.operator_service.list_search_attributes(request), RPCStatusCode.NOT_FOUND
    )


async def _until_usable(client: Client) -> None:
    """Wait until new search attributes are accepted: they are listed at once, but refused for some seconds."""
    query = " AND ".join(f"{name} IS NULL" for name in names.SEARCH_ATTRIBUTES)
    await _until_heard(lambda: client.count_workflows(query), RPCStatusCode.INVALID_ARGUMENT)


async def _until_heard(ask: Callable[[], Awaitable[object]], refusal: RPCStatusCode) -> None:
    until = asyncio.get_running_loop().time() + _NAMESPACE_LIMIT.total_seconds()
    while True:
        try:
            await ask()
        except RPCError as error:
            if error.status is not refusal or asyncio.get_running_loop().time() > until:
                raise
            await asyncio.sleep(_NAMESPACE_POLL_SECONDS)
        else:
            return


async def _missing_search_attributes(client: Client) -> list[str]:
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = []
    for name, type_ in names.SEARCH_ATTRIBUTES.items():
        found = listed.custom_attributes.get(name)
        if found is None:
            missing.append(name)
        elif found != _value_type(type_):
            is_type = IndexedValueType.Name(found)
            raise WrongSearchAttribute(
                f"search attribute {name} exists as {is_type}, and must be {type_}; "
                f"remove it with: temporal operator search-attribute remove -n {client.namespace} --name {name}"
            )
    return missing


def _value_type(type_: str) -> IndexedValueType.ValueType:
    return IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{type_.upper()}")
