"""The activity `record`: it commits a step of an order to the store, in one transaction."""

from temporalio import activity

from activities.figures import UNCOUNTED, Figures
from activities.matter.recording import Committer, PresentRun
from domain.order.policy import policy
from messages.names import RECORD
from messages.order.step import OrderAnswer, OrderStep
from store.database import Store
from store.order.step import write_step


class Recorder:
    """Writes the steps of orders."""

    def __init__(
        self, store: Store, figures: Figures = UNCOUNTED, *, present_run: PresentRun | None = None
    ) -> None:
        """Build the committer."""
        self._committer = Committer(store, figures, present_run=present_run)

    @activity.defn(name=RECORD)
    def record(self, step: OrderStep) -> OrderAnswer:
        """Commit a step, once; return its clocks, or the decisions pending before an automatic step."""
        return self._committer.commit(
            step,
            lambda connection, step, replaced: write_step(
                connection, step, policy(step.policy), takes_over=replaced
            ),
        )
