"""Signals of operators and strangers: whatever they hold, the order goes on and shows them."""

import asyncio
import contextlib
import json

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowExecutionStatus, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.service import RPCError

from domain.order.lifecycle import TaskKind
from messages.matter.signals import CompleteTask
from messages.names import COMPLETE_TASK, ORDER_ACTION
from tests.support.attacker import LONG, Attacker, forged_units
from tests.support.office import Office, now

NOT_JSON = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{not json"))
STRANGE = RawValue(Payload(metadata={"encoding": b"binary/mystery"}, data=b"\x00\x01"))
COMPLETE = {"task_id": "t", "decision_id": "d", "actor": "a", "outcome": "resolve", "fields": {}}


async def finish(office: Office, order_no: str) -> None:
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
    await office.called_back(order_no)
    assert (await office.result(order_no)).ending == "resolved_on_the_spot"


class TestAMalformedSignal:
    @pytest.mark.parametrize(
        ("case", "name", "payloads"),
        [
            ("nothing", COMPLETE_TASK, []),
            ("two inputs", COMPLETE_TASK, [COMPLETE, COMPLETE]),
            ("a list", COMPLETE_TASK, [[1, 2, 3]]),
            ("a number", COMPLETE_TASK, [7]),
            ("null", COMPLETE_TASK, [None]),
            ("a text", ORDER_ACTION, ["urge"]),
            ("no JSON", COMPLETE_TASK, [NOT_JSON]),
            ("an unknown encoding", ORDER_ACTION, [STRANGE]),
            ("a missing field", COMPLETE_TASK, [{"task_id": "t"}]),
            ("a wrong type", COMPLETE_TASK, [{**COMPLETE, "fields": "none"}]),
            ("an actor whom nobody sees", COMPLETE_TASK, [{**COMPLETE, "actor": "\u3164"}]),
            ("a NUL character", COMPLETE_TASK, [{**COMPLETE, "comment": "a\x00b"}]),
            ("far too much", COMPLETE_TASK, [{**COMPLETE, "comment": "好" * 20_000}]),
            ("an unknown name", "complete_tsak", [COMPLETE]),
        ],
    )
    async def test_is_recorded_and_harms_nothing(
        self, office: Office, case: str, name: str, payloads: list[object]
    ) -> None:
        order_no = await office.place()
        await office.signal(order_no, *payloads, name=name)
        refused = await office.eventually(lambda: office.data(order_no, "SignalRefused"), f"refused: {case}")
        assert refused[0]["signal"] == name
        assert refused[0]["code"] == "malformed"
        assert [each.code for each in (await office.status(order_no)).refusals] == ["malformed"]
        await finish(office, order_no)
        assert "WORKFLOW_TASK_FAILED" not in await office.history(order_no)


class TestARawSignal:
    async def test_decides_with_its_comment_and_is_marked_as_an_operators(self, office: Office) -> None:
        order_no = await office.place()
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        await office.signal(
            order_no,
            {
                "task_id": task["task_id"],
                "decision_id": "ops-1",
                "actor": "administrator-1",
                "outcome": "resolve",
                "comment": "周末照常开放",
            },
        )
        decision = await office.settled("ops-1")
        assert (decision["status"], decision["via"]) == ("applied", "operator")
        completed = next(each for each in office.events(order_no) if each["type"] == "TaskCompleted")
        assert (completed["actor"], completed["via"]) == ("administrator-1", "operator")
        await office.called_back(order_no)
        await office.result(order_no)
        assert "周末照常开放" in office.messenger.sent[0].words
        assert office.rows("SELECT * FROM audit WHERE via = 'operator' AND matter_no = :no", no=order_no)

    async def test_with_the_id_of_another_orders_decision_keeps_its_own_words(self, office: Office) -> None:
        numbers = [await office.place() for _ in range(2)]
        for number in numbers:
            task = await office.task(number, TaskKind.FIRST_CONTACT)
            await office.signal(
                number,
                {
                    "task_id": task["task_id"],
                    "decision_id": "ops-same",
                    "actor": "administrator-1",
                    "outcome": "resolve",
                    "comment": f"只给 {number} 的话",
                },
            )
        for number in numbers:
            await office.called_back(number)
        for number in numbers:
            await office.result(number)
            words = [each.words for each in office.messenger.sent if each.order_no == number]
            assert words == [f"【订单 {number}】答复：只给 {number} 的话"]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"outcome": "report_result", "comment": "x"}, "unknown_outcome"),
            ({"comment": None}, "missing_field"),
            ({"comment": "  "}, "missing_field"),
            ({"task_id": "no-such-task", "comment": "x"}, "unknown_task"),
            ({"fields": {"colour": "red"}, "comment": "x"}, "unknown_field"),
        ],
    )
    async def test_that_is_not_in_order_is_refused_with_a_reason(
        self, office: Office, change: dict[str, object], code: str
    ) -> None:
        order_no = await office.place()
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        payload = {"task_id": task["task_id"], "decision_id": "ops-2", "actor": "x", "outcome": "resolve"}
        await office.signal(order_no, {**payload, **change})
        row = await office.settled("ops-2")
        assert (row["status"], row["code"], row["via"]) == ("rejected", code, "operator")
        refused = office.data(order_no, "SignalRefused")
        assert refused[0]["code"] == code
        assert refused[0]["reason"]
        await finish(office, order_no)

    async def test_that_takes_the_id_of_a_kept_decision_tells_its_sender(self, office: Office) -> None:
        order_no = await office.place()
        kept = office.submit(await office.task(order_no, TaskKind.FIRST_CONTACT), "resolve", text="答复")
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        payload = {
            "task_id": task["task_id"],
            "decision_id": kept.row.decision_id,
            "actor": "x",
            "outcome": "refer",
        }
        await office.signal(order_no, {**payload, "comment": "另有意见"})
        row = await office.settled(kept.row.decision_id)
        assert (row["status"], row["code"]) == ("rejected", "overtaken_by_signal")
        assert "refer by x, and was taken" in row["reason"]
        completed = next(each for each in office.events(order_no) if each["type"] == "TaskCompleted")
        assert completed["via"] == "operator"
        await office.act(order_no, "withdraw")
        await office.result(order_no)

    async def test_on_a_task_that_is_done_is_refused_with_who_and_when(self, office: Office) -> None:
        order_no = await office.place()
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.task(order_no, TaskKind.FOLLOW_UP)
        late = {
            "task_id": task["task_id"],
            "decision_id": "late",
            "actor": "x",
            "outcome": "resolve",
            "comment": "y",
        }
        await office.signal(order_no, late)
        row = await office.settled("late")
        assert row["code"] == "task_done"
        assert "resolve by duty-" in row["reason"]
        await office.called_back(order_no)
        await office.result(order_no)

    async def test_of_an_action_that_is_not_possible_now_is_refused(self, office: Office) -> None:
        order_no = await office.place()
        await office.raw_action(order_no, action_id="too-early", actor="leader-1", action="supervise")
        await office.raw_action(order_no, action_id="nonsense", actor="x", action="dance")
        assert (await office.settled("too-early"))["code"] == "wrong_stage"
        assert (await office.settled("nonsense"))["code"] == "unknown_action"
        await finish(office, order_no)


class TestAHostileSender:
    """See `tests/procedure/test_hostile_signals.py` for thousands; here a real server and database take part."""

    @pytest.mark.parametrize("seed", range(3))
    async def test_of_anything_at_all_neither_stops_nor_ends_an_order(
        self, office: Office, seed: int
    ) -> None:
        order_no = await office.place(requester={})
        attacker = Attacker(order_no, seed)
        for turn in range(100):
            if turn % 20 == 0:
                tasks = (await office.status(order_no)).tasks
            strike = attacker.strike(tasks, now())
            with contextlib.suppress(RPCError):
                # The server itself refuses some names.
                await office.handle(order_no).signal(
                    strike.name, args=[RawValue(each) for each in strike.payloads]
                )
        # Valid signals typed by hand count, so the order may have ended, but never by force.
        assert (await office.status(order_no)).order_no == order_no
        described = await office.handle(order_no).describe()
        assert described.status in {WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED}
        assert "WORKFLOW_TASK_FAILED" not in await office.history(order_no)

    @pytest.mark.parametrize("code", ["x" * 100, LONG])
    async def test_of_a_forged_unit_has_no_way_into_a_column_or_an_attribute(
        self, office: Office, code: str
    ) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
        await office.decide(order_no, TaskKind.CLASSIFY, "general")
        task = await office.task(order_no, TaskKind.DISPATCH)
        said = {"task_id": task["task_id"], "decision_id": "forged", "actor": "x", "outcome": "assign"}
        forged = {"fields": {"lead_unit": code}, "vouched": forged_units(code)}
        await office.signal(order_no, {**said, **forged})
        await office.eventually(lambda: office.data(order_no, "SignalRefused"), "refused")
        await office.decide(order_no, TaskKind.DISPATCH, "assign", lead_unit="street-safety")
        await office.eventually(lambda: office.order(order_no)["unit"] == "street-safety", "assigned")
        await office.act(order_no, "withdraw")
        await office.result(order_no)

    async def test_of_updates_and_queries_gets_an_error_and_harms_nothing(self, office: Office) -> None:
        order_no = await office.place()
        handle = office.handle(order_no)
        for name in (COMPLETE_TASK, ORDER_ACTION, "anything"):
            with pytest.raises(WorkflowUpdateFailedError):
                await handle.execute_update(name, {"forged": LONG})
        with pytest.raises(WorkflowQueryFailedError):
            await handle.query("anything", {"forged": LONG})
        for given in ({"forged": LONG}, NOT_JSON):
            with contextlib.suppress(WorkflowQueryFailedError):
                # An argument that is too much for the query is left out or refused.
                await handle.query("status", given)
        await finish(office, order_no)
        assert "WORKFLOW_TASK_FAILED" not in await office.history(order_no)


class TestARepeatedSignal:
    async def test_counts_once(self, office: Office) -> None:
        order_no = await office.place()
        submitted = office.submit(await office.task(order_no, TaskKind.FIRST_CONTACT), "resolve", text="答复")
        assert isinstance(submitted.said, CompleteTask)
        await asyncio.gather(*(office.orders.complete_task(order_no, submitted.said) for _ in range(3)))
        await office.called_back(order_no)
        await office.result(order_no)
        assert office.types(order_no).count("OrderReplied") == 1
        repeated = [each for each in office.events(order_no) if each["type"] == "SignalRepeated"]
        assert [each["via"] for each in repeated] == ["staff"]
        assert (await office.settled(submitted.row.decision_id))["status"] == "applied"

    async def test_on_one_task_by_two_people_has_one_winner(self, office: Office) -> None:
        order_no = await office.place()
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        both = [office.submit(task, "resolve", text=f"答复{each}") for each in range(2)]
        await asyncio.gather(*(office.send(each) for each in both))
        rows = [await office.settled(each.row.decision_id) for each in both]
        assert sorted(row["status"] for row in rows) == ["applied", "rejected"]
        loser = next(row for row in rows if row["status"] == "rejected")
        assert loser["code"] == "task_done"
        await office.called_back(order_no)
        await office.result(order_no)
        assert len(office.messenger.sent) == 1


class TestAFloodOfSignals:
    async def test_of_large_refused_ones_neither_stops_nor_fills_the_order(
        self, closed_office: Office
    ) -> None:
        office = closed_office
        order_no = await office.place()
        large = {**COMPLETE, "comment": "好" * 4_000}
        for number in range(120):
            await office.signal(order_no, {**large, "decision_id": f"flood-{number}"})
        async with office.at_work():
            await office.eventually(
                lambda: (
                    office.rows("SELECT count(*) AS n FROM decision WHERE status = 'rejected'")[0]["n"] == 120
                ),
                "all settled",
            )
            await office.act(order_no, "withdraw")
            await office.result(order_no)
        stored = office.rows("SELECT texts, fields, comment FROM decision WHERE status = 'rejected'")
        assert "好" not in json.dumps(stored, ensure_ascii=False)
