"""Paths of a matter that the demo stories do not take, and their histories: `python -m tests.replay.paths [NAME …]`.

Plays each on a separate server under the policy `seconds`, and records it. An existing history is only replaced if
it is named: it stands for orders that run somewhere with the code of its day.
"""

import asyncio
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.common import RawValue

from domain.doors import Via
from domain.matter.tasks import SYSTEM
from domain.order.actions import ActionName
from domain.order.lifecycle import TaskKind
from messages.names import system_id, workflow_id_of
from runtime.temporal import Orders
from store.database import Store
from store.matter.said.decisions import Actor
from store.migrating import migrate
from store.order.said.decisions import submit_action
from tests.replay.duties import DUTY_PATHS
from tests.replay.record import write
from tests.support.machine import devserver
from tests.support.office import SEAL, Office, now, passes, seed

HISTORIES = Path(__file__).parent / "histories"


async def duplicate_signal(office: Office) -> str:
    """The same decision three times, then a double click of it on the next task."""
    order_no = await office.place(requester={})
    submitted = office.submit(await office.task(order_no, TaskKind.FIRST_CONTACT), "resolve", text="答复")
    for _ in range(3):
        await office.send(submitted)
    await office.settled(submitted.row.decision_id)
    await office.send(submitted)
    await office.result(order_no)
    return order_no


async def malformed_signal(office: Office) -> str:
    """Everything that a person can type wrong."""
    order_no = await office.place(requester={})
    broken = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{not json"))
    await office.signal(order_no)
    await office.signal(order_no, {}, {})
    await office.signal(order_no, broken)
    await office.signal(order_no, {}, name="complete_tsak")
    await office.eventually(lambda: len(office.data(order_no, "SignalRefused")) == 4, "four refusals")
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
    await office.result(order_no)
    return order_no


async def late_signal(office: Office) -> str:
    """A decision on a task that is done, and one after the order was closed."""
    order_no = await office.place(requester={})
    task = await office.task(order_no, TaskKind.FIRST_CONTACT)
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
    await office.stage(order_no, "closed")
    late = {"task_id": task["task_id"], "actor": "duty-1", "outcome": "refer", "comment": "太晚了"}
    await office.signal(order_no, {**late, "decision_id": "late"})
    await office.raw_action(order_no, action_id="late-too", actor="x", action="withdraw")
    await office.settled("late-too")
    await office.result(order_no)
    return order_no


async def late_rating(office: Office) -> str:
    """A rating while the order is called about, and another after it was closed."""
    order_no = await office.place()
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
    await office.task(order_no, TaskKind.FOLLOW_UP)
    await office.act(order_no, "rate", solved="yes", satisfied="basically")
    await office.stage(order_no, "closed")
    await office.act(order_no, "rate", solved="no", satisfied="no")
    await office.result(order_no)
    return order_no


async def handed_back(office: Office) -> str:
    """Decided in time while no worker ran; the automatic step finds the decision pending in the store."""
    away = replace(office, orders=Orders(office.client, task_queue="away"), queue="away", placed=[])
    order_no = await away.place(requester={})
    task = await away.task(order_no, TaskKind.FIRST_CONTACT)
    away.submit(task, "resolve", text="及时答复")
    await passes(task["due_at"])
    async with away.at_work():
        await away.result(order_no)
    return order_no


async def withdrawn_while_handled(office: Office) -> str:
    """Supplemented, urged and taken back while a unit works on it."""
    order_no = await office.dispatched()
    await office.act(order_no, "supplement", text="补充一点")
    await office.act(order_no, "urge")
    await office.act(order_no, "withdraw")
    await office.result(order_no)
    return order_no


async def handed_up(office: Office) -> str:
    """From the community to the street and the district by the units themselves, and solved under supervision."""
    order_no = await office.dispatched("community-03", requester={})
    for _ in range(3):
        work = await office.task(order_no, TaskKind.HANDLE)
        await office.settled(await office.decide(order_no, TaskKind.HANDLE, "hand_up", text="无权处理"))
        await office.eventually(lambda work=work: work not in office.tasks(order_no), "handed up")
    await office.reported(order_no, text="已办")
    await office.result(order_no)
    return order_no


async def escalated_once(office: Office) -> str:
    """Past the community's limit; the street solves it."""
    return await _escalated(office, "street")


async def escalated_twice(office: Office) -> str:
    """Past the community's and the street's limit; the district solves it."""
    return await _escalated(office, "district")


async def reclassified(office: Office) -> str:
    """Reclassified at the desk, before it is dispatched."""
    order_no = await office.place(requester={})
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
    await office.decide(order_no, TaskKind.CLASSIFY, "general")
    await office.settled(
        await office.decide(order_no, TaskKind.DISPATCH, "reclassify", reason="danger", **{"class": "urgent"})
    )
    await office.decide(order_no, TaskKind.DISPATCH, "assign", lead_unit="community-01")
    await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
    await office.reported(order_no, text="已办")
    await office.result(order_no)
    return order_no


async def not_reached(office: Office) -> str:
    """Called three times, and nobody answers."""
    order_no = await office.place()
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
    for _ in range(3):
        await office.settled(await office.decide(order_no, TaskKind.FOLLOW_UP, "not_reached"))
    await office.result(order_no)
    return order_no


async def reset(office: Office) -> str:
    """Reset by an operator to before its last decision, and decided differently."""
    order_no = await office.dispatched("community-03", requester={})
    await office.settled(await office.decide(order_no, TaskKind.HANDLE, "hand_up", text="无权处理"))
    await take_back(office, order_no)
    await office.signal(
        order_no,
        {
            "task_id": next(each["task_id"] for each in office.tasks(order_no) if each["kind"] == "handle"),
            "decision_id": "ops-reset",
            "actor": "administrator-1",
            "outcome": "report_result",
            "comment": "社区已办",
        },
    )
    await office.result(order_no)
    return order_no


async def silent_reviews(office: Office) -> str:
    """Sent back, asked for a pause, and reported, while every reviewer stays silent."""
    order_no = await office.place(requester={})
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
    await office.decide(order_no, TaskKind.CLASSIFY, "complex", unit="community-03")
    await office.decide(order_no, TaskKind.ACKNOWLEDGE, "send_back", reason="incomplete", text="缺材料")
    until = (now() + timedelta(seconds=9)).isoformat()
    await office.settled(
        await office.decide(order_no, TaskKind.HANDLE, "request_pause", until=until, reason="weather")
    )
    await office.eventually(lambda: "RequestDenied" in office.types(order_no), "denied by silence")
    await office.decide(order_no, TaskKind.HANDLE, "cannot_resolve", reason="no_funding", text="没有经费")
    await office.decide(
        order_no, TaskKind.EXPLAIN, "explained", how="visit", at="2026-11-23T10:00:00Z", text="说明"
    )
    await office.result(order_no)
    return order_no


async def paused(office: Office) -> str:
    """Asked the resident, who is silent, then paused until the pause ended, then helped by nobody."""
    order_no = await office.place()
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
    await office.decide(order_no, TaskKind.CLASSIFY, "complex")
    await office.decide(
        order_no, TaskKind.DISPATCH, "assign", lead_unit="street-safety", helping_units=["community-03"]
    )
    await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
    await office.settled(await office.decide(order_no, TaskKind.HANDLE, "ask_resident", text="几号楼？"))
    await office.eventually(lambda: "WorkResumed" in office.types(order_no), "resumed")
    until = (now() + timedelta(seconds=5)).isoformat()
    await office.settled(
        await office.decide(order_no, TaskKind.HANDLE, "request_pause", until=until, reason="weather")
    )
    await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
    await office.eventually(lambda: office.types(order_no).count("WorkResumed") == 2, "resumed again")
    await office.reported(order_no, text="已办")
    await office.called_back(order_no)
    await office.result(order_no)
    return order_no


async def held(office: Office) -> str:
    """Placed, held, and released by the hold's own end."""
    order_no = await office.place(requester={})
    since = now()
    with office.store.write() as connection:
        # Like a telling, but only to this order: other paths are played beside it.
        kept = submit_action(
            connection,
            order_no=order_no,
            action_id=system_id("hold", order_no),
            action=ActionName.HOLD,
            fields={"since": since.isoformat(), "until": (since + timedelta(seconds=12)).isoformat()},
            actor=Actor(name=SYSTEM, via=Via.SYSTEM),
            now=since,
        )
    await office.send(kept)
    await office.eventually(lambda: "MatterReleased" in office.types(order_no), "released")
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
    await office.result(order_no)
    return order_no


async def split_and_merged(office: Office) -> str:
    """Split at the desk, refused by one leading order, and joined to another until that one is answered."""
    leading = await office.place(requester={})
    order_no = await office.place(requester={})
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
    await office.settled(
        await office.decide(order_no, TaskKind.CLASSIFY, "split", parts=[{"text": "另一件"}])
    )
    task = await office.task(order_no, TaskKind.CLASSIFY)
    said = {
        "task_id": task["task_id"],
        "decision_id": "by-hand",
        "actor": "desk-1",
        "outcome": "mark_duplicate",
    }
    await office.signal(order_no, {**said, "fields": {"leading_order_no": "20260101-AAAAAA"}})
    await office.settled("by-hand")
    await office.settled(
        await office.decide(order_no, TaskKind.CLASSIFY, "mark_duplicate", leading_order_no=leading)
    )
    await office.decide(leading, TaskKind.FIRST_CONTACT, "resolve", text="答复")
    await office.result(leading)
    await office.drain()
    await office.result(order_no)
    return order_no


async def routed(office: Office) -> str:
    """Put into another category, assigned by a signal typed by hand, handed up, and worked on again."""
    order_no = await office.place(category=None)
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
    await office.decide(order_no, TaskKind.CLASSIFY, "general", category="noise")
    task = await office.task(order_no, TaskKind.DISPATCH)
    said = {"task_id": task["task_id"], "actor": "desk-1", "outcome": "assign"}
    for unit in ("nobody", "community-03"):
        decision_id = f"by-hand-{unit}"
        await office.signal(order_no, {**said, "decision_id": decision_id, "fields": {"lead_unit": unit}})
        await office.settled(decision_id)
    await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
    await office.decide(order_no, TaskKind.HANDLE, "hand_up", text="无权处理")
    await office.eventually(lambda: office.order(order_no)["tier"] == "street", "handed up")
    await office.reported(order_no, text="已办")
    await office.called_back(order_no, solved="no", satisfied="no", cause="unit")
    await office.eventually(lambda: office.order(order_no)["round"] == 2, "rework")
    await office.reported(order_no, text="已彻底办好")
    await office.called_back(order_no)
    await office.result(order_no)
    return order_no


PATHS: tuple[Callable[[Office], Awaitable[str]], ...] = (
    duplicate_signal,
    malformed_signal,
    late_signal,
    late_rating,
    handed_back,
    withdrawn_while_handled,
    handed_up,
    escalated_once,
    escalated_twice,
    reclassified,
    not_reached,
    reset,
    silent_reviews,
    paused,
    held,
    split_and_merged,
    routed,
    *DUTY_PATHS,
)


async def _escalated(office: Office, tier: str) -> str:
    order_no = await office.place(requester={})
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
    await office.decide(order_no, TaskKind.CLASSIFY, "urgent", unit="community-03")
    await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
    for above in ("street", "district"):
        await office.eventually(
            lambda above=above: office.order(order_no)["tier"] == above, f"at the {above}"
        )
        if above == tier:
            break
    await office.reported(order_no, text="已办")
    await office.result(order_no)
    return order_no


async def take_back(office: Office, order_no: str, *, says_it_again: bool = False) -> None:
    """Reset an order's workflow to the task before the last signal, which is left out unless `says_it_again`."""
    completed = last = 0
    for event in (await office.handle(order_no).fetch_history()).events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            completed = event.event_id
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            last = completed
    await office.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=office.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id_of(order_no)),
            reason="an operator takes a step back",
            workflow_task_finish_event_id=last,
            request_id=uuid.uuid4().hex,
            reset_reapply_exclude_types=[]
            if says_it_again
            else [ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL],
        )
    )


async def play(client: Client, store: Store, wanted: set[str]) -> None:
    """Play all wanted paths at once and write their histories."""
    orders = Orders(client, task_queue="paths", seal=SEAL)
    office = Office(store=store, orders=orders, client=client, policy="seconds", queue="paths")

    async def one(path: Callable[[Office], Awaitable[str]]) -> None:
        order_no = await path(office)
        write(path.__name__, await office.handle(order_no).fetch_history())

    async with office.at_work():
        await asyncio.gather(*(one(path) for path in PATHS if path.__name__ in wanted))
    await office.replay()


async def main(named: set[str]) -> None:
    """Play the named paths, or those that have no history yet."""
    known = {path.__name__ for path in PATHS}
    if unknown := named - known:
        raise SystemExit(f"there is no path {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    missing = {name for name in known if not (HISTORIES / f"{name}.json").exists()}
    async with devserver.running() as client:
        with tempfile.TemporaryDirectory() as folder:
            store = Store(f"sqlite:///{folder}/paths.db")
            migrate(store.engine)
            seed(store)
            await play(client, store, named or missing)
            store.close()


if __name__ == "__main__":
    asyncio.run(main(set(sys.argv[1:])))
