"""The activity `record_duty`: it commits a step of a duty to the store, in one transaction."""

from collections.abc import Callable

from temporalio import activity

from activities.figures import UNCOUNTED, Figures
from activities.matter.recording import Committer, PresentRun
from domain.duty.policy import duty_book
from messages.duty.step import DutyStep
from messages.matter.step import MatterAnswer
from messages.names import RECORD_DUTY
from store.database import Store
from store.duty.step import write_duty_step


class DutyRecorder:
    """Writes the steps of duties."""

    def __init__(
        self,
        store: Store,
        figures: Figures = UNCOUNTED,
        *,
        policy: str,
        phone_keys: Callable[[str], tuple[str, ...]],
        present_run: PresentRun | None = None,
    ) -> None:
        """Build the committer; orders that a meeting brings follow `policy`.

        `phone_keys` hashes the telephone numbers in a text, by which a requester is found again.
        """
        self._committer = Committer(store, figures, present_run=present_run)
        self._policy = policy
        self._phone_keys = phone_keys

    @activity.defn(name=RECORD_DUTY)
    def record(self, step: DutyStep) -> MatterAnswer:
        """Commit a step, once; return its clocks, or the decisions pending before an automatic step."""
        return self._committer.commit(
            step,
            lambda connection, step, replaced: write_duty_step(
                connection,
                step,
                duty_book(step.policy),
                takes_over=replaced,
                order_policy=self._policy,
                phone_keys=self._phone_keys,
            ),
        )
