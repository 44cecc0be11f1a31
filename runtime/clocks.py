"""How far other machines' clocks are from this one's: nothing is written anywhere, and nothing is left behind.

Assumes that a call takes less time than the differences that are looked for, which are seconds.
"""

import asyncio
import shutil
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, PollWorkflowTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from runtime.temporal import answering

_LIMIT = timedelta(seconds=4)
_LOOK_SECONDS = 0.05


async def temporal_ahead(client: Client) -> timedelta:
    """Say how far Temporal's clock is ahead of this machine's.

    No call of the server returns its time. But the server notes when a queue was polled for work. So this polls a queue
    that nobody uses, and looks at the queue.

    Raises:
        TemporalAway: it refused or did not answer in time.
    """
    queue = TaskQueue(name=f"clock-{uuid.uuid4().hex}")
    look = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=queue,
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    asked_at = datetime.now(UTC)
    poll = PollWorkflowTaskQueueRequest(namespace=client.namespace, task_queue=queue, identity="clock")
    asking = asyncio.ensure_future(client.workflow_service.poll_workflow_task_queue(poll, timeout=_LIMIT))
    try:
        with answering():
            async with asyncio.timeout(_LIMIT.total_seconds()):
                while True:
                    if seen := (await client.workflow_service.describe_task_queue(look)).pollers:
                        return seen[0].last_access_time.ToDatetime(UTC) - asked_at
                    await asyncio.sleep(_LOOK_SECONDS)
    finally:
        asking.cancel()
        with suppress(asyncio.CancelledError, RPCError):
            await asking


async def is_synchronised() -> bool | None:
    """Say whether this machine's clock follows NTP; `None` if this machine cannot tell."""
    program = shutil.which("timedatectl")
    if program is None:
        return None
    arguments = ("show", "--property=NTPSynchronized", "--value")
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    return {b"yes": True, b"no": False}.get(said.strip())
