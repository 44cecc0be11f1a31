"""Requests: a unit asks for more time, a pause, another class or another unit, and keeps working meanwhile."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.order.lifecycle import TaskKind
from store.matter.said.decisions import Refused
from tests.support.office import Office, at, now, passes, seconds_between


def later(seconds: float) -> str:
    return (now() + timedelta(seconds=seconds)).isoformat()


async def ask(office: Office, order_no: str, outcome: str, **fields: Any) -> None:
    await office.settled(await office.decide(order_no, TaskKind.HANDLE, outcome, **fields))


async def finished(office: Office, order_no: str) -> None:
    await office.reported(order_no, text="已办")
    await office.result(order_no)


@pytest.mark.hasty
class TestAnExtension:
    async def test_moves_due_time_and_promise_and_tells_the_resident(self, office: Office) -> None:
        order_no = await office.dispatched(requester={})
        until = later(8)
        await ask(office, order_no, "request_extension", due_at=until, reason="weather")
        review = await office.task(order_no, TaskKind.REVIEW)
        assert review["role"] == "street_desk"
        assert office.order(order_no)["stage"] == "handling", "the unit works on"
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
        work = await office.task(order_no, TaskKind.HANDLE)
        assert (
            at(work["due_at"]) == at(office.order(order_no)["promised_at"]) == datetime.fromisoformat(until)
        )
        assert await office.words("extended")
        await finished(office, order_no)

    async def test_that_is_denied_leaves_everything_as_it_was(self, office: Office) -> None:
        order_no = await office.dispatched(requester={})
        before = await office.task(order_no, TaskKind.HANDLE)
        await ask(office, order_no, "request_extension", due_at=later(8), reason="weather")
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "revise", text="不同意"))
        after = await office.task(order_no, TaskKind.HANDLE)
        assert (after["task_id"], after["due_at"]) == (before["task_id"], before["due_at"])
        with pytest.raises(Refused) as refused:
            office.submit(after, "request_extension", due_at=later(9), reason="weather")
        assert refused.value.refusal.code == "unknown_outcome", "one of a kind in an assignment"
        await finished(office, order_no)

    async def test_holds_the_limit_back_until_the_verdict_and_not_longer(self, office: Office) -> None:
        order_no = await office.dispatched("community-03", requester={})
        due = (await office.task(order_no, TaskKind.HANDLE))["due_at"]
        await ask(office, order_no, "request_extension", due_at=later(8), reason="weather")
        # Nobody answers: the reviewer's clock bounds the wait, and then the limit counts at once.
        await office.eventually(lambda: office.order(order_no)["tier"] == "street", "escalated")
        passed = {each["kind"]: each for each in office.data(order_no, "LimitPassed")}
        assert list(passed) == ["review", "handle"]
        assert at(office.order(order_no)["recorded_at"]) > at(due)
        assert office.order(order_no)["overdue"] == 1
        await finished(office, order_no)

    async def test_that_was_asked_in_time_is_granted_after_the_limit(self, office: Office) -> None:
        order_no = await office.dispatched("community-03", requester={})
        work = await office.task(order_no, TaskKind.HANDLE)
        await passes(str(at(work["due_at"]).replace(tzinfo=None) - timedelta(seconds=1)))
        await ask(office, order_no, "request_extension", due_at=later(9), reason="weather")
        await passes(work["due_at"])
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
        await finished(office, order_no)
        order = office.order(order_no)
        assert (order["overdue"], order["escalations"]) == (0, 0)

    async def test_a_second_is_the_tiers_above(self, office: Office) -> None:
        order_no = await office.dispatched("community-03", requester={})
        await ask(office, order_no, "request_extension", due_at=later(6), reason="weather")
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
        await ask(office, order_no, "transfer", unit="community-02", reason="better_placed")
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
        await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        await ask(office, order_no, "request_extension", due_at=later(9), reason="third_party")
        assert (await office.task(order_no, TaskKind.REVIEW))["role"] == "district_desk"
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
        await finished(office, order_no)

    async def test_is_capped_by_what_a_superior_platform_set(self, office: Office) -> None:
        cap = now() + timedelta(seconds=6)
        order_no = await office.dispatched(requester={}, source_due_at=cap)
        await ask(office, order_no, "request_extension", due_at=later(9), reason="weather")
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
        assert at(office.order(order_no)["promised_at"]) == cap
        assert at((await office.task(order_no, TaskKind.HANDLE))["due_at"]) == cap
        await finished(office, order_no)


class TestATransfer:
    async def test_goes_to_the_other_unit_to_sign(self, office: Office) -> None:
        order_no = await office.dispatched("community-03", requester={})
        promised = office.order(order_no)["promised_at"]
        await ask(office, order_no, "transfer", unit="street-safety", reason="not_competent")
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        sign = await office.task(order_no, TaskKind.ACKNOWLEDGE)
        assert (sign["unit"], sign["tier"]) == ("street-safety", "street")
        order = office.order(order_no)
        assert (order["unit"], order["escalations"], order["promised_at"]) == ("street-safety", 0, promised)
        await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        await finished(office, order_no)

    async def test_waits_for_nothing_when_the_unit_reports_meanwhile(self, office: Office) -> None:
        order_no = await office.dispatched("community-03", requester={})
        await ask(office, order_no, "transfer", unit="street-safety", reason="not_competent")
        asked = await office.task(order_no, TaskKind.REVIEW)
        await office.settled(
            await office.decide(order_no, TaskKind.HANDLE, "report_result", text="还是办好了")
        )
        states = {each["task_id"]: each["state"] for each in office.tasks(order_no)}
        assert states[asked["task_id"]] == "superseded"
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        assert (await office.result(order_no)).ending == "resolved"


class TestAnotherClass:
    @pytest.mark.hasty
    async def test_is_reckoned_again_from_receipt_once(self, office: Office) -> None:
        order_no = await office.dispatched(requester={})
        await ask(
            office, order_no, "request_reclassification", reason="more_difficult", **{"class": "complex"}
        )
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
        order = office.order(order_no)
        assert (order["class"], order["reclassified"]) == ("complex", 1)
        assert seconds_between(order["received_at"], order["promised_at"]) == 3
        with pytest.raises(Refused):
            office.submit(
                await office.task(order_no, TaskKind.HANDLE),
                "request_reclassification",
                reason="danger",
                **{"class": "urgent"},
            )
        await finished(office, order_no)


@pytest.mark.hasty
class TestAPause:
    async def test_moves_due_time_and_promise_by_exactly_its_length(self, office: Office) -> None:
        order_no = await office.dispatched(requester={})
        before, promised = await office.task(order_no, TaskKind.HANDLE), office.order(order_no)["promised_at"]
        await ask(office, order_no, "request_pause", until=later(4), reason="legal_procedure")
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
        order = office.order(order_no)
        assert order["stage"] == "paused"
        (work,) = [each for each in office.tasks(order_no) if each["state"] == "waiting"]
        assert (work["kind"], work["due_at"]) == ("handle", None)
        assert order["due_at"] is not None, "the pause itself has an end"
        began = office.at_event(order_no, "RequestGranted")
        await office.settled(await office.act(order_no, "resume", by="desk-1"))
        ended = office.at_event(order_no, "WorkResumed")
        after = await office.task(order_no, TaskKind.HANDLE)
        assert after["task_id"] == before["task_id"]
        assert at(after["due_at"]) - at(before["due_at"]) == ended - began
        assert at(office.order(order_no)["promised_at"]) - at(promised) == ended - began
        await finished(office, order_no)
        assert office.order(order_no)["overdue"] == 0

    async def test_ends_by_its_limit_and_is_no_instant_breach(self, office: Office) -> None:
        order_no = await office.dispatched(requester={})
        await ask(office, order_no, "request_pause", until=later(3.5), reason="season")
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
        work = await office.task(order_no, TaskKind.HANDLE)
        assert "RestEnded" in office.types(order_no)
        assert at(work["due_at"]) > now()
        assert "LimitPassed" not in office.types(order_no)
        await finished(office, order_no)

    async def test_takes_a_result_at_once_and_no_other_request(self, office: Office) -> None:
        order_no = await office.dispatched(requester={})
        await ask(office, order_no, "request_pause", until=later(4.5), reason="season")
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
        (work,) = [each for each in office.tasks(order_no) if each["state"] == "waiting"]
        with pytest.raises(Refused):
            office.submit(work, "request_extension", due_at=later(9), reason="weather")
        await office.send(office.submit(work, "report_result", text="提前办好"))
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        assert (await office.result(order_no)).ending == "resolved"


class TestAQuestion:
    async def test_rests_until_the_resident_answers(self, office: Office) -> None:
        order_no = await office.dispatched()
        await ask(office, order_no, "ask_resident", text="请问是几号楼？")
        assert office.order(order_no)["stage"] == "paused"
        assert await office.words("asked", "请问是几号楼？")
        await office.settled(await office.act(order_no, "supplement", text="三号楼"))
        work = await office.task(order_no, TaskKind.HANDLE)
        with pytest.raises(Refused):
            office.submit(work, "ask_resident", text="几单元？")
        await office.reported(order_no, text="已办")
        await office.called_back(order_no)
        await office.result(order_no)

    @pytest.mark.hasty
    async def test_goes_on_without_an_answer(self, office: Office) -> None:
        order_no = await office.dispatched()
        before = await office.task(order_no, TaskKind.HANDLE)
        await ask(office, order_no, "ask_resident", text="请问是几号楼？")
        after = await office.task(order_no, TaskKind.HANDLE)
        assert 1 <= (at(after["due_at"]) - at(before["due_at"])).total_seconds() < 3
        await office.reported(order_no, text="已办")
        await office.called_back(order_no)
        await office.result(order_no)

    async def test_is_not_put_to_somebody_without_contact(self, office: Office) -> None:
        order_no = await office.dispatched(requester={})
        with pytest.raises(Refused) as refused:
            office.submit(await office.task(order_no, TaskKind.HANDLE), "ask_resident", text="？")
        assert refused.value.refusal.code == "unknown_outcome"
        await finished(office, order_no)


class TestReassigning:
    async def test_takes_the_order_from_its_unit_and_gives_it_to_another(self, office: Office) -> None:
        order_no = await office.dispatched("community-03", requester={})
        await office.act(order_no, "reassign", by="desk-1", unit="community-02", reason="社区已合并")
        sign = await office.task(order_no, TaskKind.ACKNOWLEDGE)
        assert sign["unit"] == "community-02"
        await office.act(order_no, "reassign", by="desk-1", unit="community-01", reason="又弄错了")
        await office.eventually(
            lambda: office.order(order_no)["unit"] == "community-01", "before it was signed for, too"
        )
        await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        await finished(office, order_no)

    async def test_to_where_it_is_already_is_refused(self, office: Office) -> None:
        order_no = await office.dispatched("community-03", requester={})
        with pytest.raises(Refused) as refused:
            await office.act(order_no, "reassign", by="desk-1", unit="community-03", reason="x")
        assert refused.value.refusal.code == "same_unit"
        await finished(office, order_no)
