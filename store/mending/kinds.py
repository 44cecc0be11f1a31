"""What a rebuild of a matter has to know of its kind: its own rows, and how they stand at the beginning.

Assumes the matter's lock.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Column, Connection, Row, Table, insert, select, update

from domain.duty.words import KIND as A_DUTY
from domain.kinds import kind_of
from domain.matter.tasks import TaskState
from domain.order.words import KIND as AN_ORDER
from messages.duty.step import DutyFacts, DutyStep
from messages.duty.workflow import StartDuty
from messages.matter.starting import MatterStart
from messages.matter.step import MatterAnswer, MatterFacts, MatterStep
from messages.order.step import OrderAnswer, OrderFacts, OrderStep
from messages.order.workflow import StartOrder
from store.duty.opening import OPENING_RUN, duty_as_opened, matter_as_opened, opened_event
from store.duty.said import lock_duty
from store.duty.step import reapply_duty_step, write_duty
from store.duty.tables import duty, duty_issue
from store.inserting import insert_ignore
from store.matter.holding import is_held
from store.matter.tables import event, matter, task
from store.order.said.decisions import lock_order
from store.order.step import reapply_step, write_order
from store.order.tables import orders, requester
from store.order.taken_in import INTAKE_RUN, as_taken_in, matter_as_taken_in, received_event

Value = TypeVar("Value")


class KindRows(Protocol):
    """How the rows of one kind of matter are written again; `first_run` is the run of event number 1.

    `beside`: further tables of the kind, each with the column that holds the matter's number.
    """

    own: Table
    key: Column[str]
    beside: Mapping[Table, Column[str]]
    first_run: str

    def lock(self, connection: Connection, matter_no: str) -> Row[Any]:
        """Lock the matter, with its own facts."""

    def write_first(self, connection: Connection, row: Row[Any], start: MatterStart) -> None:
        """Write event number 1, if it is gone."""

    def show_at_first(self, connection: Connection, start: MatterStart) -> None:
        """Show the matter as it stood before its workflow had recorded anything."""

    def reapply(self, connection: Connection, step: MatterStep, answer: MatterAnswer) -> None:
        """Commit a step again, from history."""

    def show(self, connection: Connection, step: MatterStep, answers: Sequence[MatterAnswer]) -> None:
        """Show the matter as a step left it; `answers` are all that were given until then."""

    def lost(self, connection: Connection, start: MatterStart) -> list[str]:
        """Name the data that is gone and that no history holds."""

    def facts(self, row: Mapping[str, Any]) -> MatterFacts:
        """Read the facts of a step from the matter's row and the kind's own."""


class OrderRows:
    """The rows of orders."""

    own: Table = orders
    key: Column[str] = orders.c.order_no
    beside: Mapping[Table, Column[str]] = MappingProxyType({})
    first_run = INTAKE_RUN

    def lock(self, connection: Connection, matter_no: str) -> Row[Any]:
        """Lock the order, with its own facts."""
        return lock_order(connection, matter_no)

    def write_first(self, connection: Connection, row: Row[Any], start: MatterStart) -> None:
        """Write event number 1, if it is gone."""
        order = _of(StartOrder, start)
        data = {
            "channel": row.channel,
            "kind": row.request_kind,
            "community": row.community,
            "category": order.category,
        }
        received = received_event(
            order_no=order.order_no, client_id=row.client_id, first=order.first_task, data=data
        )
        insert_ignore(connection, event, received)

    def show_at_first(self, connection: Connection, start: MatterStart) -> None:
        """Show the order as the intake left it."""
        order = _of(StartOrder, start)
        first = order.first_task
        held = is_held(order.holds, at=first.opened_at)
        _show(connection, order.order_no, matter_as_taken_in(first, held=held))
        values = as_taken_in(first, category=order.category)
        connection.execute(update(orders).where(orders.c.order_no == order.order_no).values(**values))

    def reapply(self, connection: Connection, step: MatterStep, answer: MatterAnswer) -> None:
        """Commit a step again, from history."""
        reapply_step(connection, _of(OrderStep, step), _of(OrderAnswer, answer))

    def show(self, connection: Connection, step: MatterStep, answers: Sequence[MatterAnswer]) -> None:
        """Show the order as a step left it, with the last promise that was given."""
        given = [_of(OrderAnswer, each) for each in answers]
        promised = next((each for each in reversed(given) if each.promised_at), OrderAnswer())
        shown = {
            "promised_at": promised.promised_at,
            "promise_is_provisional": promised.promise_is_provisional,
        }
        write_order(connection, _of(OrderStep, step), given[-1].model_copy(update=shown))

    def lost(self, connection: Connection, start: MatterStart) -> list[str]:
        """Name the requester, if that row is gone."""
        order = _of(StartOrder, start)
        has_requester = select(requester.c.order_no).where(requester.c.order_no == order.order_no)
        is_lost = order.can_be_called and connection.scalar(has_requester) is None
        return ["the requester"] if is_lost else []

    def facts(self, row: Mapping[str, Any]) -> MatterFacts:
        """Read the facts of a step from the order's rows."""
        return OrderFacts.model_validate({**row, "order_class": row["class"]})


class DutyRows:
    """The rows of duties."""

    own: Table = duty
    key: Column[str] = duty.c.duty_no
    beside: Mapping[Table, Column[str]] = MappingProxyType({duty_issue: duty_issue.c.duty_no})
    first_run = OPENING_RUN

    def lock(self, connection: Connection, matter_no: str) -> Row[Any]:
        """Lock the duty, with its own facts."""
        return lock_duty(connection, matter_no)

    def write_first(self, connection: Connection, row: Row[Any], start: MatterStart) -> None:  # noqa: ARG002
        """Write event number 1, if it is gone."""
        insert_ignore(connection, event, opened_event(_of(StartDuty, start)))

    def show_at_first(self, connection: Connection, start: MatterStart) -> None:
        """Show the duty as the opening left it."""
        begun = _of(StartDuty, start)
        held = is_held(begun.holds, at=begun.first_task.opened_at)
        _show(connection, begun.duty_no, matter_as_opened(begun, held=held))
        connection.execute(
            update(duty).where(duty.c.duty_no == begun.duty_no).values(**duty_as_opened(begun))
        )

    def reapply(self, connection: Connection, step: MatterStep, answer: MatterAnswer) -> None:
        """Commit a step again, from history."""
        reapply_duty_step(connection, _of(DutyStep, step), answer)

    def show(self, connection: Connection, step: MatterStep, answers: Sequence[MatterAnswer]) -> None:  # noqa: ARG002
        """Show the duty as a step left it."""
        write_duty(connection, _of(DutyStep, step))

    def lost(self, connection: Connection, start: MatterStart) -> list[str]:  # noqa: ARG002 - nobody asked for it
        """Return nothing: the history of a duty holds all of it but people's words."""
        return []

    def facts(self, row: Mapping[str, Any]) -> MatterFacts:
        """Read the facts of a step from the duty's rows."""
        return DutyFacts.model_validate(row)


_ROWS: Final[Mapping[str, KindRows]] = {AN_ORDER: OrderRows(), A_DUTY: DutyRows()}


def rows_of(matter_no: str) -> KindRows:
    """Find by a matter's number how its rows are written again."""
    return _ROWS[kind_of(matter_no).name]


def open_first_task(connection: Connection, start: MatterStart) -> None:
    """Write a matter's first task as it was opened."""
    values = {**start.first_task.model_dump(), "matter_no": start.matter_no, "state": TaskState.OPEN}
    connection.execute(insert(task).values(**values))


def _show(connection: Connection, matter_no: str, values: Mapping[str, Any]) -> None:
    connection.execute(update(matter).where(matter.c.matter_no == matter_no).values(**values))


def _of(kind: type[Value], value: object) -> Value:
    """Narrow a value to the type of one kind of matter.

    Raises:
        TypeError: it belongs to another kind.
    """
    if isinstance(value, kind):
        return value
    raise TypeError(f"{type(value).__name__} is not a {kind.__name__}")
