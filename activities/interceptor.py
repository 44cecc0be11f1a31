"""Puts the matter and the activity on every line that is logged while an activity runs."""

from typing import Any

import structlog
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.kinds import kind_of
from messages.names import matter_no_of


class _Named(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK names it so
        """Bind the names of the work; a threaded activity takes the context with it."""
        info = activity.info()
        facts = {"activity_type": info.activity_type, "attempt": info.attempt}
        if matter_no := matter_no_of(info.workflow_id or ""):
            facts[f"{kind_of(matter_no).name}_no"] = matter_no
        with structlog.contextvars.bound_contextvars(**facts):
            return await super().execute_activity(input)


class NamedLines(Interceptor):
    """Names the matter in the lines that activities log: `order_no`, `duty_no`."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Put the names around every activity."""
        return _Named(next)
