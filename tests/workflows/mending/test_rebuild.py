"""Rows are a function of histories: damaged or missing rows are written again, and intact ones stay unchanged."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from activities.mending.comparison import Comparison
from activities.mending.rebuilding import Rebuilder
from domain.order.lifecycle import TaskKind
from runtime.histories import NoHistory
from store.mending.rebuild import Rebuilt, RowGone
from tests.replay.paths import take_back
from tests.support.office import Office, now, passes

TABLES = {
    "matter": "matter_no",
    "orders": "order_no",
    "task": "task_id",
    "event": "run_id, seq",
    "record_entry": "run_id, seq",
    "decision": "decision_id",
    "message": "run_id, event_seq, recipient, template",
    "audit": "id",
    "outbox": "id",
}
DAMAGES = (
    "DELETE FROM event WHERE matter_no = :no",
    "DELETE FROM task WHERE matter_no = :no",
    "DELETE FROM record_entry WHERE matter_no = :no",
    "DELETE FROM decision WHERE matter_no = :no AND fingerprint IS NULL",
    "UPDATE decision SET status = 'pending', code = NULL, reason = NULL, settled_at = NULL WHERE matter_no = :no",
    "UPDATE matter SET stage = 'dispatch', unit = 'nobody' WHERE matter_no = :no",
    "UPDATE orders SET ending = NULL, round = 9 WHERE order_no = :no",
    "UPDATE matter SET recorded_seq = 0, run_id = NULL, recorded_at = NULL WHERE matter_no = :no",
    "UPDATE matter SET escalations = 7, promised_at = NULL WHERE matter_no = :no",
)


def everything(office: Office, order_no: str) -> dict[str, list[dict[str, Any]]]:
    return {
        table: office.rows(
            f"SELECT * FROM {table} WHERE {'order' if table == 'orders' else 'matter'}_no = :no"  # noqa: S608 - ours
            f" ORDER BY {keys}",
            no=order_no,
        )
        for table, keys in TABLES.items()
    }


async def at_rest(office: Office, order_no: str) -> dict[str, list[dict[str, Any]]]:
    """Return every row once nothing is under way, including messages, which go out beside the workflow."""
    waiting = "SELECT 1 FROM message WHERE matter_no = :no AND state = 'pending'"
    await office.eventually(lambda: not office.rows(waiting, no=order_no), "every message sent")
    return everything(office, order_no)


def spoil(office: Office, order_no: str, *statements: str) -> None:
    with office.store.write() as connection:
        for statement in statements:
            connection.execute(text(statement), {"no": order_no})


async def rebuilt(office: Office, order_no: str, *, dry_run: bool = False) -> Rebuilt:
    return await Rebuilder(office.store, office.orders).rebuild(order_no, dry_run=dry_run)


def open_tasks(office: Office, order_no: str) -> list[dict[str, Any]]:
    return [each for each in office.tasks(order_no) if each["state"] == "open"]


async def findings(office: Office, order_no: str) -> list[str]:
    comparison = Comparison(office.store, office.orders, now)
    return [str(each) async for each in comparison.findings([order_no])]


async def on_the_spot(office: Office) -> str:
    order_no = await office.place()
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
    await office.called_back(order_no)
    await office.result(order_no)
    return order_no


async def up_the_tiers_and_again(office: Office) -> str:
    order_no = await office.dispatched("community-03")
    await office.decide(order_no, TaskKind.HANDLE, "hand_up", text="需要街道出面")
    work = await office.task(order_no, TaskKind.HANDLE)
    await passes(work["due_at"])
    await office.eventually(lambda: office.order(order_no)["tier"] == "district", "handed up by its limit")
    await office.reported(order_no, text="已办")
    await office.called_back(order_no, solved="no", satisfied="no", cause="unit")
    await office.reported(order_no, text="重新办好")
    await office.called_back(order_no)
    await office.result(order_no)
    return order_no


async def withdrawn(office: Office) -> str:
    order_no = await office.dispatched()
    late = office.submit(await office.task(order_no, TaskKind.HANDLE), "report_result", text="已办")
    await office.act(order_no, "withdraw")
    await office.stage(order_no, "closed")
    await office.send(late)
    await office.result(order_no)
    return order_no


async def by_an_operator(office: Office) -> str:
    order_no = await office.place()
    task = await office.task(order_no, TaskKind.FIRST_CONTACT)
    said = {"task_id": task["task_id"], "decision_id": "ops-1", "actor": "administrator-1"}
    await office.signal(order_no, {**said, "outcome": "no-such"})
    await office.signal(
        order_no, {**said, "decision_id": "ops-2", "outcome": "resolve", "comment": "照常开放"}
    )
    await office.called_back(order_no)
    await office.result(order_no)
    return order_no


async def still_waiting(office: Office) -> str:
    office.policy = "standard"
    order_no = await office.dispatched()
    spoil(office, order_no, "UPDATE task SET holder = 'x' WHERE matter_no = :no AND state = 'open'")
    return order_no


async def paused(office: Office) -> str:
    office.policy = "standard"
    order_no = await office.dispatched()
    until = (now() + timedelta(days=2)).isoformat()
    await office.decide(order_no, TaskKind.HANDLE, "request_pause", until=until, reason="season")
    await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
    assert (await office.status(order_no)).tasks[0].state == "waiting"
    assert await findings(office, order_no) == []
    return order_no


STORIES = [on_the_spot, up_the_tiers_and_again, withdrawn, by_an_operator, still_waiting, paused]


class TestAnOrdersRows:
    @pytest.mark.hasty
    @pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
    async def test_are_written_again_as_they_were(self, office: Office, story: Any) -> None:
        order_no = await story(office)
        before = await at_rest(office, order_no)
        whole = await rebuilt(office, order_no)
        assert (whole.changed, whole.lost, whole.sent_again) == ({}, (), ())
        assert everything(office, order_no) == before
        keeps_claims = [each for each in DAMAGES if "FROM task" not in each or story is not still_waiting]
        spoil(office, order_no, *keeps_claims)
        spoiled = everything(office, order_no)
        assert (await rebuilt(office, order_no, dry_run=True)).changed
        assert everything(office, order_no) == spoiled, "a dry run changes nothing"
        mended = await rebuilt(office, order_no)
        assert {"event", "record_entry", "orders", "decision"} <= set(mended.changed)
        assert everything(office, order_no) == before
        assert (await rebuilt(office, order_no)).changed == {}
        await office.act(order_no, "withdraw") if story in {still_waiting, paused} else None

    @pytest.mark.hasty
    async def test_keep_a_decision_that_an_automatic_step_handed_back(self, closed_office: Office) -> None:
        office = closed_office
        order_no = await office.place()
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        submitted = office.submit(task, "resolve", text="及时答复")
        await passes(task["due_at"])
        async with office.at_work():
            await office.settled(submitted.row.decision_id)
            await office.called_back(order_no)
            await office.result(order_no)
            before = await at_rest(office, order_no)
            spoil(office, order_no, *DAMAGES)
            await rebuilt(office, order_no)
            assert everything(office, order_no) == before
            assert "LimitPassed" not in office.types(order_no)

    async def test_never_let_a_message_go_out_twice(self, office: Office) -> None:
        order_no = await on_the_spot(office)
        sent = len(office.messenger.sent)
        before = office.rows("SELECT run_id, event_seq, template, data, state FROM message")
        spoil(office, order_no, "DELETE FROM message WHERE matter_no = :no")
        assert (await rebuilt(office, order_no)).changed == {"message": 1}
        assert office.rows("SELECT run_id, event_seq, template, data, state FROM message") == before
        assert len(office.messenger.sent) == sent

    async def test_say_which_texts_no_history_holds(self, office: Office) -> None:
        order_no = await on_the_spot(office)
        spoil(
            office,
            order_no,
            "DELETE FROM decision WHERE matter_no = :no",
            "DELETE FROM requester WHERE order_no = :no",
        )
        before = {each["type"]: each["via"] for each in office.events(order_no)}
        lost = (await rebuilt(office, order_no)).lost
        assert lost[0] == "the requester"
        assert [each.startswith("the texts of decision ") for each in lost[1:]] == [True]
        rows = office.rows("SELECT status, via, texts FROM decision WHERE matter_no = :no", no=order_no)
        assert rows == [{"status": "applied", "via": "staff", "texts": "{}"}] * 2
        assert {each["type"]: each["via"] for each in office.events(order_no)} == before

    async def test_send_a_decision_again_that_the_history_does_not_hold(self, office: Office) -> None:
        """As after a restore of Temporal from an earlier time than the store."""
        order_no = await office.place()
        kept = office.submit(await office.task(order_no, TaskKind.FIRST_CONTACT), "resolve", text="答复")
        spoil(
            office,
            order_no,
            "UPDATE decision SET status = 'applied' WHERE matter_no = :no",
            "UPDATE outbox SET done_at = created_at, result = 'sent' WHERE matter_no = :no",
        )
        assert (await rebuilt(office, order_no)).sent_again == (kept.row.decision_id,)
        assert office.rows("SELECT kind FROM outbox WHERE done_at IS NULL") == [{"kind": "signal"}]
        await office.send(kept)
        assert (await office.settled(kept.row.decision_id))["status"] == "applied"
        await office.act(order_no, "rate", solved="yes", satisfied="yes")

    async def test_follow_a_history_that_stays_behind(self, office: Office) -> None:
        office.policy = "standard"
        order_no = await office.dispatched()
        before = await at_rest(office, order_no)
        spoil(
            office,
            order_no,
            "INSERT INTO record_entry (matter_no, run_id, seq, digest, answer)"
            " SELECT matter_no, run_id, 99, '', '{}' FROM matter WHERE matter_no = :no",
            "UPDATE matter SET stage = 'closed' WHERE matter_no = :no",
        )
        assert set((await rebuilt(office, order_no)).changed) == {"record_entry", "matter"}
        assert everything(office, order_no) == before
        await office.act(order_no, "withdraw")


class TestAnOrderThatWasReset:
    async def test_goes_another_way_and_its_rows_follow(self, office: Office) -> None:
        office.policy = "standard"
        order_no = await office.dispatched("community-03")
        await office.decide(order_no, TaskKind.HANDLE, "report_result", text="已办")
        taken = await office.task(order_no, TaskKind.REVIEW)
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        await office.task(order_no, TaskKind.FOLLOW_UP)
        await take_back(office, order_no)
        before = everything(office, order_no)
        assert office.order(order_no)["stage"] == "follow_up", "the new run has recorded nothing so far"
        (said,) = await findings(office, order_no)
        assert said.endswith(f"run: dingdan rebuild {order_no}")
        turned_back = await rebuilt(office, order_no)
        assert {"orders", "event", "task"} <= set(turned_back.changed)
        assert office.order(order_no)["stage"] == "review"
        assert await findings(office, order_no) == []
        assert [each["task_id"] for each in open_tasks(office, order_no)] == [taken["task_id"]]
        assert (await rebuilt(office, order_no)).changed == {}
        assert len(everything(office, order_no)["event"]) == len(before["event"])
        await office.decide(order_no, TaskKind.REVIEW, "revise", text="再想想")
        await office.decide(order_no, TaskKind.HANDLE, "cannot_resolve", reason="no_funding", text="没有经费")
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        explain = await office.task(order_no, TaskKind.EXPLAIN)
        assert [each["task_id"] for each in open_tasks(office, order_no)] == [explain["task_id"]]
        live = [each for each in office.events(order_no) if not each["abandoned"]]
        assert [each["seq"] for each in live] == list(range(1, len(live) + 1))
        assert "OrderReplied" in {each["type"] for each in office.events(order_no) if each["abandoned"]}
        assert (await rebuilt(office, order_no)).changed == {}
        before = everything(office, order_no)
        spoil(office, order_no, *DAMAGES)
        await rebuilt(office, order_no)
        assert everything(office, order_no) == before
        await office.act(order_no, "withdraw")
        await office.stage(order_no, "closed")
        assert await findings(office, order_no) == []
        assert (await rebuilt(office, order_no)).changed == {}


class TestAnOrderThatCannotBeRebuilt:
    async def test_says_that_its_row_is_gone(self, office: Office) -> None:
        order_no = await on_the_spot(office)
        for table in list(TABLES)[2:]:
            spoil(office, order_no, f"DELETE FROM {table} WHERE matter_no = :no")  # noqa: S608 - literals of ours
        for table in ("requester", "orders"):
            spoil(office, order_no, f"DELETE FROM {table} WHERE order_no = :no")  # noqa: S608 - literals of ours
        with pytest.raises(RowGone, match=order_no):
            await rebuilt(office, order_no)
        spoil(office, order_no, "DELETE FROM matter WHERE matter_no = :no")
        with pytest.raises(RowGone, match=order_no):
            await rebuilt(office, order_no)

    async def test_says_that_temporal_does_not_know_it(self, office: Office) -> None:
        start = office.take()
        with pytest.raises(NoHistory, match=start.order_no):
            await rebuilt(office, start.order_no)
