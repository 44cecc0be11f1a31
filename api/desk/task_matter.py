"""What a task's page shows of its matter: an order or a duty, chosen once by the kind of matter.

Assumes that the reader may see the task. What every task has is in `api/desk/task.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from starlette.datastructures import FormData

from api.desk.forms import Filling, Together
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
from domain.kinds import ORDER_TABLES, kind_of
from domain.matter.tasks import ATTACHMENTS, FOR_RESIDENT, Outcome
from domain.office.directory import Directory
from domain.office.words import OrderClass
from domain.order.lifecycle import LEADING, TaskKind
from domain.order.words import KIND as ORDER
from store.database import Connection
from store.matter.rows import TaskRow
from store.office.people import Staff
from store.order.joined.similar import Similar

_CLASSES: Final = tuple(str(each) for each in OrderClass)
_DISPATCH: Final = "dispatch"
"""The button that dispatches an order together with its class."""
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

    def filling(self, outcomes: Sequence[Outcome], leading: str) -> Filling:
        """Say what its forms start with; `leading` is the order that it may join."""

    def completed(self, outcome: Outcome, sent: FormData) -> tuple[FormData, Mapping[str, str]]:
        """Fill in what the page promised for a button of the form, and return by field what cannot be filled in."""

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

    def filling(self, outcomes: Sequence[Outcome], leading: str) -> Filling:
        """Start with what the order, the directory and the first officer say, each named beside its field."""
        row, words = self.whole.row, texts()["decide"]
        unit = self._unit(row.category)
        name = self.directory.units[unit].name if unit else ""
        hints = _evidence(self.directory.evidence(row.category), outcomes)
        if unit:
            hints["assign", "lead_unit"] = words["by_directory"].format(unit=name)
        given = {LEADING.name: leading, "lead_unit": unit or ""}
        if self.kind == TaskKind.CLASSIFY:
            said = self.whole.suggested
            given |= {"category": row.category or "", "reason": said.get("reject_reason") or ""}
            if named := self.directory.units.get(said.get("unit") or ""):
                is_open = named.code in self.directory.handling_units
                given |= {"unit": named.code if is_open else ""}
                told = words["by_first_officer_unit" if is_open else "by_first_officer_closed"]
                hints[_CLASSES[0], "unit"] = told.format(unit=named.name)
        return Filling(
            given=given,
            opened=self._opened(outcomes, leading),
            hints=hints,
            empty={"unit": words["directory_now"].format(unit=name) if unit else words["directory_later"]}
            if self.kind == TaskKind.CLASSIFY
            else {},
            together=self._classes() if self.kind == TaskKind.CLASSIFY else None,
        )

    def completed(self, outcome: Outcome, sent: FormData) -> tuple[FormData, Mapping[str, str]]:
        """Name the unit of the directory for an order that is dispatched with its class, or none for one that waits."""
        then = sent.get("then")
        if outcome.name not in _CLASSES or then is None:
            return sent, {}
        others = [(name, value) for name, value in sent.multi_items() if name != "unit"]
        if then != _DISPATCH:
            return FormData(others), {}
        category = sent.get("category")
        unit = sent.get("unit") or self._unit(str(category) if category else self.whole.row.category)
        if not unit:
            return sent, {"unit": texts()["decide"]["no_unit"]}
        return FormData([*others, ("unit", unit)]), {}

    def _unit(self, category: str | None) -> str | None:
        return suggested_unit(self.directory, category, self.whole.row.community)

    def _opened(self, outcomes: Sequence[Outcome], leading: str) -> str:
        """Open the form that was asked for or suggested, else the first, unless that is a mere button."""
        if leading:
            return "mark_duplicate"
        if self.kind == TaskKind.CLASSIFY and self.whole.suggested.get("reject_reason"):
            return "reject"
        return first_form(outcomes)

    def _classes(self) -> Together:
        """Offer the three classes in one form, at first the one that the first officer or the category suggests."""
        words, suggested = texts()["decide"], self.whole.suggested.get("class")
        category = self.whole.row.category
        usual = self.directory.usual_class(category) if category else None
        found = (suggested, words["by_first_officer"]) if suggested else (usual, words["by_category"])
        return Together(
            names=_CLASSES,
            label=ORDER_TABLES.tasks[self.kind].label,
            way=str(found[0] or ""),
            why=found[1] if found[0] else "",
            buttons=((_DISPATCH, words["class_and_dispatch"]), ("wait", words["class_only"])),
        )

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

    def filling(self, outcomes: Sequence[Outcome], leading: str) -> Filling:  # noqa: ARG002 - a duty joins nothing
        """Start with empty forms, the first of them open: only the person who decides knows the values."""
        return Filling(opened=first_form(outcomes))

    def completed(self, outcome: Outcome, sent: FormData) -> tuple[FormData, Mapping[str, str]]:  # noqa: ARG002 - as said
        """Fill in nothing."""
        return sent, {}

    def shown(self) -> dict[str, Any]:
        """Return what its template needs."""
        names = {unit.code: unit.name for unit in self.directory.units.values()}
        return {"duty": self.whole.duty, "events": self.whole.events, "names": names}


def first_form(outcomes: Sequence[Outcome]) -> str:
    """Return the first outcome if it has fields to fill in; a mere button needs no opening."""
    return outcomes[0].name if outcomes and outcomes[0].fields else ""


def _evidence(asked: int, outcomes: Sequence[Outcome]) -> dict[tuple[str, str], str]:
    """Ask for pictures of the work if the order's category does."""
    said = texts()["files"]["evidence"].format(count=asked)
    pictured = [each.name for each in outcomes if asked and each.is_evidenced]
    return {(name, field.name): said for name in pictured for field in (FOR_RESIDENT, ATTACHMENTS)}


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
