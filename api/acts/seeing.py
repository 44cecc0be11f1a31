"""Seeing: which orders and tasks a caller finds, and what of an order the caller is shown.

Assumes that the caller is known. A caller who may not see something hears that it does not exist.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from api.contract import views
from api.contract.duties import DutyDetail
from api.contract.staff import Contact, MatterRef, OrderDetail
from api.errors import Problem
from api.pages.rendering import texts
from api.security import Caller, client_of, scope_of
from api.service import Service
from domain.duty.words import KIND as DUTY
from domain.kinds import KINDS, kind_of
from domain.office.directory import OFFICE, Directory
from domain.office.permissions import Permission, may, reaches
from domain.office.responsibility import decided_by
from domain.office.words import Role
from domain.order.lines.contacts import RevealReason, hides_requester
from domain.order.words import KIND as ORDER
from messages.names import workflow_id_of
from runtime.temporal import TemporalAway
from store.attachment.attachments import list_attachments
from store.database import Connection
from store.duty.clashes import clashes_of
from store.duty.finding import list_issues, meeting_behind, owed_in
from store.duty.issues import CLIENT as MEETINGS
from store.duty.rows import DutyRow
from store.matter import tasks
from store.matter.reach import Scope, is_within
from store.matter.rows import EventRow, TaskRow
from store.matter.tasks import Post, TaskCounts, TaskFilter
from store.office.directory import current_named
from store.office.people import Staff
from store.order import finding
from store.order.requesters import find_requester, reveal_contact
from store.order.rows import OrderRow
from store.paging import Page
from store.signin.credentials import Client

READS: Final[Mapping[str, Permission]] = MappingProxyType(
    {ORDER: Permission.READ_ORDERS, DUTY: Permission.READ_DUTIES}
)
"""The permission to see a matter, by kind."""


def sees(connection: Connection, matter_no: str, who: Staff) -> bool:
    """Tell whether a matter of any kind exists and the member of staff may see it."""
    return is_within(connection, matter_no, scope_of(who, READS[kind_of(matter_no).name]))


def duty_title(period: str, community: str, directory: Directory) -> str:
    """Return what people call a duty."""
    unit, words = directory.units.get(community), texts()["duties"]["called"]
    return str(words.format(period=period, community=unit.name if unit else community))


def _titles_of_duties(
    connection: Connection, duty_nos: Collection[str], directory: Directory
) -> dict[str, str]:
    owed = owed_in(connection, duty_nos)
    return {number: duty_title(period, community, directory) for number, (period, community) in owed.items()}


def _subjects_of_orders(
    connection: Connection, order_nos: Collection[str], _directory: Directory
) -> dict[str, str]:
    return finding.subjects_of(connection, order_nos)


_TITLES: Final[Mapping[str, Callable[[Connection, Collection[str], Directory], dict[str, str]]]] = (
    MappingProxyType({ORDER: _subjects_of_orders, DUTY: _titles_of_duties})
)


def titles_of(connection: Connection, matter_nos: Collection[str], directory: Directory) -> dict[str, str]:
    """Map each matter to what people call it, with one statement per kind among them."""
    found: dict[str, str] = {}
    for each in KINDS:
        numbers = {number for number in matter_nos if kind_of(number) is each}
        if numbers:
            found |= _TITLES[each.name](connection, numbers, directory)
    return found


def no_such_order(order_no: str) -> Problem:
    """Build the refusal for an order that does not exist or that the caller may not see."""
    return Problem(404, "not_found", f"there is no order {order_no!r} that you may see")


def order_of(
    connection: Connection, row: OrderRow, who: Caller, *, refusals: Sequence[EventRow], now: datetime
) -> OrderDetail:
    """Show all of an order that the caller may see."""
    return views.order_detail(
        row,
        tasks=tasks.open_tasks(connection, row.order_no),
        refusals=refusals,
        requester=find_requester(connection, row.order_no) if knows_requester(who, row) else {},
        attachments=list_attachments(connection, row.order_no, client_id=client_of(who)),
        meeting=_meeting_behind(connection, row, who),
        # A channel sent it; staff who may see contacts may see where it is.
        shows_place=isinstance(who, Client) or may(who.roles, Permission.REVEAL_CONTACTS),
        now=now,
    )


def _meeting_behind(connection: Connection, row: OrderRow, who: Caller) -> MatterRef | None:
    """Find the meeting that an order came from, if the caller may see it."""
    if row.client_id != MEETINGS or isinstance(who, Client):
        return None
    found = meeting_behind(connection, row.order_no, scope_of(who, Permission.READ_DUTIES))
    if found is None:
        return None
    title = duty_title(found.period, found.subject, current_named(connection))
    return views.matter_ref(found.duty_no, title)


def no_such_duty(duty_no: str) -> Problem:
    """Build the refusal for a duty that does not exist or that the caller may not see."""
    return Problem(404, "not_found", f"there is no duty {duty_no!r} that you may see")


def duty_of(
    connection: Connection,
    row: DutyRow,
    who: Staff,
    *,
    refusals: Sequence[EventRow],
    directory: Directory,
    now: datetime,
) -> DutyDetail:
    """Show a whole duty; orders that it brought show only what the reader may see of them."""
    return views.duty_detail(
        row,
        title=duty_title(row.period, row.subject, directory),
        clashes=bool(clashes_of(connection, [row])),
        issues=list_issues(connection, row.duty_no, scope_of(who)),
        tasks=tasks.open_tasks(connection, row.duty_no),
        refusals=refusals,
        attachments=list_attachments(connection, row.duty_no),
        now=now,
    )


def reveal_to(
    connection: Connection, order_no: str, who: Staff, reason: RevealReason, *, now: datetime
) -> Contact:
    """Return the requester's contact in the clear, and write down who looked and why.

    Raises:
        Problem: 404, no such order; 403, it is confidential, or the requester has taken the order back.
    """
    row = finding.find_order(connection, order_no, scope_of(who, Permission.REVEAL_CONTACTS))
    if row is None:
        raise no_such_order(order_no)
    if row.requester_left:
        raise Problem(
            403, "requester_left", "the requester has taken the order back: do not call them any more"
        )
    if not knows_requester(who, row):
        raise Problem(
            403, "confidential", "the requester is confidential here; the street desk may speak to them"
        )
    found = reveal_contact(connection, order_no, actor=who.username, reason=reason, now=now)
    return Contact.model_validate(found)


def knows_requester(who: Caller, row: OrderRow) -> bool:
    """Tell whether the caller may know who the requester of an order is."""
    if isinstance(who, Client) or row.requester_left:
        return False
    return not hides_requester(confidential=row.confidential, reaches=reaches(who.roles))


def tasks_of(
    connection: Connection, who: Staff, *, scope: str, now: datetime, cursor: str | None = None, **wanted: Any
) -> Page[TaskRow]:
    """List a member of staff's open tasks, the one due first at the top."""
    return tasks.list_tasks(
        connection, _filter(who, scope, wanted), cursor=cursor, now=now, scope=_reach(who, scope)
    )


def counts_of(
    connection: Connection, who: Staff, *, scope: str, soon: datetime, now: datetime, **wanted: Any
) -> dict[str, TaskCounts]:
    """Count a member of staff's open tasks by kind; tasks due before `soon` are counted separately."""
    return tasks.count_tasks(
        connection, _filter(who, scope, wanted), soon=soon, now=now, scope=_reach(who, scope)
    )


def _filter(who: Staff, scope: str, wanted: Mapping[str, Any]) -> TaskFilter:
    return TaskFilter(
        holder=who.username if scope == "mine" else None,
        tier=who.tier if scope == "tier" else None,
        post=_post(who, scope),
        matter_kinds=_kinds_of(who),
        **wanted,
    )


def _kinds_of(who: Staff) -> tuple[str, ...] | None:
    """Name the kinds of matter that a member of staff may see; `None` stands for every kind."""
    seen = tuple(kind for kind, permission in READS.items() if may(who.roles, permission))
    return None if len(seen) == len(READS) else seen


def _post(who: Staff, scope: str) -> Post | None:
    """Return where a member of staff works; scope `post` covers what `may_decide` lets them decide."""
    if scope not in {"unit", "post"}:
        return None
    roles = decided_by(who.roles)
    return Post(
        unit=who.unit,
        roles=roles if scope == "post" else None,
        on_duty=Role.DUTY_OFFICER in who.roles,
        speaks_for_bureaus=Role.LIAISON in roles and who.unit == OFFICE,
    )


def _reach(who: Staff, scope: str) -> Scope:
    # A unit's own tasks are within reach anyway. A tier, and tasks taken before a move, may include other units'.
    return Scope(everything=True) if scope in {"unit", "post"} else scope_of(who)


def visible(connection: Connection, task_id: str, who: Staff) -> TaskRow:
    """Find a task that a member of staff may see.

    Raises:
        Problem: 404, there is no such task.
    """
    row = tasks.find_task(connection, task_id, scope_of(who, READS[kind_of(task_id).name]))
    if row is None:
        raise Problem(404, "not_found", f"there is no task {task_id!r} that you may see")
    return row


def workflow_page(service: Service, namespace: str | None, matter_no: str) -> str | None:
    """Return the address of a matter's workflow in the Temporal UI; `None` if the UI or namespace is unknown."""
    if service.temporal_ui is None or namespace is None:
        return None
    workflow = quote(workflow_id_of(matter_no), safe="")
    return f"{service.temporal_ui.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows/{workflow}"


async def namespace_of(service: Service) -> str | None:
    """Name Temporal's namespace; `None` while Temporal is away."""
    try:
        return (await service.orders.client()).namespace
    except TemporalAway:
        return None
