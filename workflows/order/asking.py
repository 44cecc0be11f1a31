"""What an order asks the store in a step, beyond the requests of every matter, and how it takes the answer.

Assumes that each request is sent once, with the next step.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from temporalio import workflow

from workflows import options
from workflows.order import visibility
from workflows.order.state import State

with workflow.unsafe.imports_passed_through():
    from activities.order.record import Recorder
    from messages.matter.step import PromiseRequest
    from messages.matter.tasks import RestTaken
    from messages.order.step import MergeRequest, OrderAnswer, OrderFacts, OrderStep, SplitRequest
    from messages.order.workflow import StartOrder


class Asking:
    """The order's part of a step: its facts, its promise, and questions about other orders."""

    def __init__(self, start: StartOrder, state: State) -> None:
        """Begin without a request."""
        self._start = start
        self._state = state
        self._clear()

    def _clear(self) -> None:
        self._promise: PromiseRequest | None = None
        self._merge: MergeRequest | None = None
        self._withdrawn = False
        self._split: SplitRequest | None = None
        self._route = False
        self._asks_leading = False

    @property
    def is_empty(self) -> bool:
        """Whether there is no request; a withdrawal is recorded with its own action anyway."""
        return not (self._promise or self._merge or self._split or self._route or self._asks_leading)

    def promise(self, request: PromiseRequest) -> None:
        """Ask the store to compute a promise."""
        state = self._state
        request = request.model_copy(update={"granted": state.extended, "joined": state.joined})
        self._promise = state.promise = request

    def rested(self, began: datetime, ended: datetime) -> None:
        """Count a rest against the promise, now or once there is one, and no part of it twice."""
        began = max(began, self._state.runs_from)
        if began >= ended:
            return
        rest = RestTaken(began=began, ended=ended)
        self._state.rests.append(rest)
        if (promise := self._state.promise) is not None:
            self.promise(promise.rested(began, ended))

    def merge(self, request: MergeRequest) -> None:
        """Ask the store to join the order to another one."""
        self._merge = request

    def withdraw(self) -> None:
        """Say that the requester takes the order back; the store knows whether others wait for its answer."""
        self._withdrawn = True

    def split(self, decision_id: str) -> None:
        """Ask the store to make an order of each part that a decision names."""
        rests = tuple(self._state.rests)
        self._split = SplitRequest(decision_id=decision_id, page=self._start.page, rests=rests)

    def route(self) -> None:
        """Ask the store which units answer for the order as it stands."""
        self._route = True

    def leading(self) -> None:
        """Ask the store how the leading order stands."""
        self._asks_leading = True

    def facts(self) -> OrderFacts:
        """Return the order as it stands."""
        state = self._state
        return OrderFacts(
            stage=state.stage,
            ending=state.ending,
            round=state.round,
            tier=state.tier,
            unit=state.unit,
            order_class=state.order_class,
            category=state.category,
            escalations=state.escalations,
            overdue=state.overdue,
            reclassified=state.reclassified,
            reopened=state.reopened,
            held=state.hold is not None,
            handled_by=state.handled_by,
            merged_into=state.merged_into,
            requester_left=state.requester_left,
        )

    def step(self, said: Mapping[str, Any], *, is_automatic: bool) -> OrderStep:
        """Build a step with all requests; an automatic one asks for routing too, since no clerk chooses."""
        step = OrderStep(
            **said,
            promise=self._promise,
            merge=self._merge,
            withdrawn=self._withdrawn,
            split=self._split,
            route=self._route or is_automatic,
            asks_leading=self._asks_leading,
        )
        self._clear()
        return step

    async def record(self, step: OrderStep, summary: str) -> OrderAnswer:
        """Have the store commit a step."""
        return await workflow.execute_activity_method(
            Recorder.record,
            step,
            start_to_close_timeout=options.RECORD.start_to_close,
            schedule_to_close_timeout=options.RECORD.schedule_to_close,
            retry_policy=options.RECORD.retry,
            summary=summary,
        )

    def hear(self, answer: OrderAnswer, *, at: datetime) -> None:
        """Keep the promise, and the units that answer."""
        self._state.hear_promise(answer, at=at)
        self._state.hear_routing(answer.routing)

    def attributes(self) -> Mapping[str, Any]:
        """Return the search attributes as they should be now."""
        return visibility.shown(self._state)

    def details(self) -> str:
        """Say how the order stands, for operators."""
        return visibility.details(self._start, self._state)
