"""The guard before the signal handlers.

A signal with no input, or with two, raises a `TypeError` before any handler runs: the workflow task would
fail for ever, and the order would stop. This guard turns such a signal into one empty value. The handler
refuses and records it like any other signal that it cannot read.
"""

import temporalio.api.common.v1
from temporalio import workflow
from temporalio.common import RawValue
from temporalio.worker import (
    HandleSignalInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)


class _OneArgument(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 - the SDK names it so
        """Replace the arguments by one that cannot be read, unless there is exactly one.

        A name without a handler goes to the catch-all handler, which takes any arguments.
        """
        if workflow.get_signal_handler(input.signal) is not None and len(input.args) != 1:
            input.args = [RawValue(temporalio.api.common.v1.Payload())]
        await super().handle_signal(input)


class TotalSignals(Interceptor):
    """Make every signal reach its handler with exactly one argument."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - the SDK names it so
    ) -> type[WorkflowInboundInterceptor] | None:
        """Put the guard in front of every workflow."""
        return _OneArgument
