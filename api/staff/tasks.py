"""Tasks: the inbox, one task with its forms, claiming, deciding, and the result of a decision."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api.acts.deciding import keep, settled
from api.acts.seeing import sees, tasks_of, titles_of, visible
from api.contract import views
from api.contract.staff import DecisionBody, DecisionView, ReturnedView, TaskDetail, TaskList
from api.errors import Problem, problems
from api.keys import KeyHeader, optional_key
from api.security import DeciderDep, ReaderDep
from api.service import Service, ServiceDep
from api.typed.moments import Moment
from domain.duty.lifecycle import DutyTask
from domain.kinds import kind_of
from domain.matter.judging import DecisionStatus
from domain.order.lifecycle import TaskKind
from store.database import Connection
from store.deciding import submit_decision
from store.matter.said.claims import change_holder, holder_of
from store.matter.said.decisions import Decision, Submitted, find
from store.matter.said.returned import returned_to
from store.office.directory import current_named
from store.office.people import Staff

router = APIRouter(tags=["tasks"])


@router.get("/tasks", response_model=TaskList, responses=problems(401, 403, 422))
async def list_tasks(
    who: ReaderDep,
    service: ServiceDep,
    scope: Annotated[
        Literal["mine", "unit", "tier"],
        Query(description="Tasks that you have claimed, of your unit, or of your tier."),
    ] = "unit",
    kind: TaskKind | DutyTask | None = None,
    matter: Annotated[
        str | None, Query(max_length=64, description="The number of an order or a duty.")
    ] = None,
    order_no: Annotated[
        str | None, Query(max_length=64, description="The number of an order; `matter` takes precedence.")
    ] = None,
    due_before: Moment | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> TaskList:
    """List open tasks, the one due first at the top."""
    now = service.now()

    def work(connection: Connection) -> TaskList:
        page = tasks_of(
            connection,
            who,
            scope=scope,
            kind=kind,
            matter_no=matter or order_no,
            due_before=due_before,
            cursor=cursor,
            now=now,
        )
        titles = titles_of(connection, {row.matter_no for row in page.rows}, current_named(connection))
        items = [
            views.task_view(row, title=titles.get(row.matter_no, row.matter_no), now=now) for row in page.rows
        ]
        return TaskList(items=items, next_cursor=page.next_cursor)

    return await service.read(work)


@router.get("/tasks/{task_id}", response_model=TaskDetail, responses=problems(401, 403, 404, 422))
async def read_task(task_id: str, who: ReaderDep, service: ServiceDep) -> TaskDetail:
    """Read a task with the JSON Schema of each outcome's fields."""
    return await service.read(lambda connection: _detail(connection, task_id, who, service))


@router.post("/tasks/{task_id}/claim", response_model=TaskDetail, responses=problems(401, 403, 404, 409, 422))
async def claim(task_id: str, who: DeciderDep, service: ServiceDep) -> TaskDetail:
    """Claim a task, to show colleagues that you work on it; any entitled colleague may still decide it."""
    return await _hold(task_id, who, service, holder=who.username)


@router.post(
    "/tasks/{task_id}/release", response_model=TaskDetail, responses=problems(401, 403, 404, 409, 422)
)
async def release(task_id: str, who: DeciderDep, service: ServiceDep) -> TaskDetail:
    """Release a task that you have claimed."""
    return await _hold(task_id, who, service, holder=None)


@router.post(
    "/tasks/{task_id}/decision",
    status_code=202,
    response_model=DecisionView,
    responses={
        200: {"model": DecisionView, "description": "After waiting: applied or rejected"},
        **problems(401, 403, 404, 409, 413, 415, 422),
    },
)
async def decide(
    task_id: str,
    body: DecisionBody,
    who: DeciderDep,
    service: ServiceDep,
    response: Response,
    wait: Annotated[int, Query(ge=0, le=10, description="Seconds to wait for the result.")] = 0,
    key: KeyHeader = None,
) -> DecisionView:
    """Decide a task.

    An answer 202 means that the decision is kept and will reach its matter, even while Temporal is away. Read at
    `href` whether it was applied, or wait for that with `?wait=`.
    """
    decision_id = optional_key(key)

    def work(connection: Connection) -> Submitted:
        visible(connection, task_id, who)
        return submit_decision(
            connection,
            task_id=task_id,
            decision_id=decision_id,
            outcome=body.outcome,
            fields=body.fields,
            comment=body.comment,
            staff=who,
            now=service.now(),
        )

    async with service.in_flight.alone(who.username, decision_id):
        row = (await keep(service, work)).row
    if wait:
        row = await settled(service, row, timedelta(seconds=wait))
    if wait and row.status is not DecisionStatus.PENDING:
        response.status_code = 200
    elif wait:
        response.headers["Retry-After"] = "2"
    return views.decision_view(row)


@router.get(
    "/decisions/{decision_id:path}", response_model=DecisionView, responses=problems(401, 403, 404, 422)
)
async def read_decision(decision_id: str, who: ReaderDep, service: ServiceDep) -> DecisionView:
    """Read the result of a decision or action."""

    def work(connection: Connection) -> Decision:
        row = find(connection, decision_id)
        if row is None or not sees(connection, row.matter_no, who):
            raise Problem(404, "not_found", "there is no such decision that you may see")
        return row

    return views.decision_view(await service.read(work))


async def _hold(task_id: str, who: Staff, service: Service, *, holder: str | None) -> TaskDetail:
    def work(connection: Connection) -> TaskDetail:
        visible(connection, task_id, who)
        change_holder(connection, task_id=task_id, staff=who, holder=holder, now=service.now())
        return _detail(connection, task_id, who, service)

    return await service.write(work)


def _detail(connection: Connection, task_id: str, who: Staff, service: Service) -> TaskDetail:
    row, now = visible(connection, task_id, who), service.now()
    directory = current_named(connection)
    title = titles_of(connection, [row.matter_no], directory).get(row.matter_no, row.matter_no)
    detail = views.task_detail(row, title=title, directory=directory, now=now)
    back = (
        returned_to(connection, row, who.username, kind_of(row.matter_no).tables) if detail.outcomes else None
    )
    said = ReturnedView.model_validate(back, from_attributes=True) if back else None
    return detail.model_copy(update={"holder": holder_of(connection, row, now=now), "returned": said})
