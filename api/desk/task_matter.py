"""What a task's page shows of its matter: an order or a duty, chosen once by the kind of matter.

Assumes that the reader may see the task. What every task has is in `api/desk/task.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from api.desk.history import Happened
from api.desk.showing import (
    Whole,
    WholeDuty,
    shown_of,
    similar_to,
    suggested_unit,
    whole_duty,
    whole_order,
)
from api.pages.rendering import texts
from api.service import Service
from domain.duty.words import KIND as DUTY
from domain.kinds import kind_of
from domain.matter.tasks import ATTACHMENTS, FOR_RESIDENT, Outcome
from domain.office.directory import Directory
from domain.order.lifecycle import LEADING, TaskKind
from domain.order.words import KIND as ORDER
from store.database import Connection
from store.matter.rows import TaskRow
from store.office.people import Staff
from store.order.joined.similar import Similar

_NAMED_AT: Final = frozenset({TaskKind.FIRST_CONTACT, TaskKind.CLASSIFY})
"""The tasks that decide what an order is about: its subject, and whether it duplicates another order."""


class TaskMatter(Protocol):
    """The matter of a task, as the task's page shows it."""

    @property
    def template(self) -> str:
        """Name the template of its tasks."""

    @property
    def title(self) -> str:
        """The name that people use for it."""

    @property
    def directory(self) -> Directory:
        """The office's directory now."""

    @property
    def events(self) -> Sequence[Happened]:
        """The events of the matter."""

    def given(self, leading: str) -> Mapping[str, str]:
        """Return the values that its forms start with; `leading` is the order that it may join."""

    def hints(self, outcomes: Sequence[Outcome]) -> Mapping[tuple[str, str], str]:
        """Say by form and field what this matter asks of a field that is optional elsewhere."""

    def shown(self) -> dict[str, Any]:
        """Return the values that its template needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskOrder:
    """The order of a task of this `kind`; `may_name_it` if it is named here, and only then with similar orders."""

    whole: Whole
    kind: str
    may_name_it: bool
    similar: list[Similar]
    template: str = "desk/task.html"

    @property
    def title(self) -> str:
        """Return its subject."""
        return self.whole.row.subject

    @property
    def directory(self) -> Directory:
        """Return the office's directory now."""
        return self.whole.directory

    @property
    def events(self) -> Sequence[Happened]:
        """Return what happened to it."""
        return self.whole.events

    def given(self, leading: str) -> Mapping[str, str]:
        """Start with the order that it may join and the unit that the directory names."""
        row = self.whole.row
        unit = suggested_unit(self.directory, row.category, row.community)
        return {LEADING.name: leading, "lead_unit": unit or ""}

    def hints(self, outcomes: Sequence[Outcome]) -> Mapping[tuple[str, str], str]:
        """Ask for pictures of the work if the order's category does."""
        asked = self.directory.evidence(self.whole.row.category)
        said = texts()["files"]["evidence"].format(count=asked)
        pictured = [each.name for each in outcomes if asked and each.is_evidenced]
        return {(name, field.name): said for name in pictured for field in (FOR_RESIDENT, ATTACHMENTS)}

    def shown(self) -> dict[str, Any]:
        """Return what its template needs."""
        mine = {"similar": self.similar, "may_name_it": self.may_name_it, "named": (self.title, "")}
        return {**mine, **shown_of(self.whole, kind=self.kind)}


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskDuty:
    """The duty of a task."""

    whole: WholeDuty
    template: str = "desk/duty_task.html"

    @property
    def title(self) -> str:
        """Return what people call it."""
        return self.whole.duty.title

    @property
    def directory(self) -> Directory:
        """Return the office's directory now."""
        return self.whole.directory

    @property
    def events(self) -> Sequence[Happened]:
        """Return what happened to it."""
        return self.whole.events

    def given(self, leading: str) -> Mapping[str, str]:  # noqa: ARG002 - a duty joins nothing
        """Start with empty forms: only the person who decides knows the values."""
        return {}

    def hints(self, outcomes: Sequence[Outcome]) -> Mapping[tuple[str, str], str]:  # noqa: ARG002 - as the table says
        """Ask for no more than the lifecycle table does."""
        return {}

    def shown(self) -> dict[str, Any]:
        """Return what its template needs."""
        names = {unit.code: unit.name for unit in self.directory.units.values()}
        return {"duty": self.whole.duty, "events": self.whole.events, "names": names}


def task_order(
    connection: Connection, row: TaskRow, who: Staff, service: Service, *, decides: bool
) -> TaskOrder:
    """Read the order of a task.

    Raises:
        Problem: 404, the order is not within the person's reach.
    """
    whole = whole_order(connection, row.matter_no, who, service)
    may_name_it = decides and row.kind in _NAMED_AT
    similar = similar_to(connection, whole.row, who, now=service.now()) if may_name_it else []
    return TaskOrder(whole=whole, kind=row.kind, may_name_it=may_name_it, similar=similar)


def _task_duty(
    connection: Connection,
    row: TaskRow,
    who: Staff,
    service: Service,
    *,
    decides: bool,  # noqa: ARG001 - it shows the same to everybody
) -> TaskDuty:
    return TaskDuty(whole=whole_duty(connection, row.matter_no, who, service))


class _Reader(Protocol):
    def __call__(
        self, connection: Connection, row: TaskRow, who: Staff, service: Service, *, decides: bool
    ) -> TaskMatter: ...


_READERS: Final[Mapping[str, _Reader]] = MappingProxyType({ORDER: task_order, DUTY: _task_duty})


def matter_of_task(
    connection: Connection, row: TaskRow, who: Staff, service: Service, *, decides: bool
) -> TaskMatter:
    """Read the matter of a task, whatever its kind."""
    return _READERS[kind_of(row.matter_no).name](connection, row, who, service, decides=decides)
