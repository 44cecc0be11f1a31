"""Joint handling and supervision: tasks beside the work never block it."""

from datetime import timedelta

import pytest

from domain.order.lifecycle import TaskKind
from tests.support.office import Office, now, seconds_between


async def jointly(office: Office, *helping: str) -> str:
    order_no = await office.place(requester={})
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
    await office.decide(order_no, TaskKind.CLASSIFY, "complex")
    await office.decide(
        order_no, TaskKind.DISPATCH, "assign", lead_unit="street-safety", helping_units=list(helping)
    )
    await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
    await office.task(order_no, TaskKind.HANDLE)
    return order_no


def helpers(office: Office, order_no: str) -> dict[str, str | None]:
    return {each["unit"]: each["outcome"] for each in office.tasks(order_no) if each["kind"] == "assist"}


class TestJointHandling:
    @pytest.mark.hasty
    async def test_gives_each_helping_unit_a_clock_of_its_own(self, office: Office) -> None:
        order_no = await jointly(office, "community-03", "district-housing")
        assert helpers(office, order_no) == {"community-03": None, "district-housing": None}
        await office.decide(order_no, TaskKind.ASSIST, "contribute", text="已配合疏散")
        await office.eventually(
            lambda: set(helpers(office, order_no).values()) == {"contribute", "expired"}, "one helps, one not"
        )
        assert await office.words("helped", "已配合疏散")
        assert await office.words("helped", "未按时回复")
        assert office.order(order_no)["stage"] == "handling"
        await office.reported(order_no, text="已办")
        assert (await office.result(order_no)).ending == "resolved"

    async def test_never_waits_for_a_silent_helper(self, office: Office) -> None:
        order_no = await jointly(office, "community-03")
        await office.reported(order_no, text="已办")
        assert (await office.result(order_no)).ending == "resolved"
        assert helpers(office, order_no) == {"community-03": "superseded"}

    @pytest.mark.hasty
    async def test_leaves_the_former_unit_as_helper_of_the_one_above(self, office: Office) -> None:
        order_no = await office.dispatched("community-03", requester={})
        await office.eventually(lambda: office.order(order_no)["tier"] == "street", "escalated")
        assert (await office.task(order_no, TaskKind.ASSIST))["unit"] == "community-03"
        await office.decide(order_no, TaskKind.ASSIST, "decline", reason="not_competent")
        await office.reported(order_no, text="已办")
        result = await office.result(order_no)
        assert (result.ending, result.escalations, result.overdue) == ("resolved", 1, True)


class TestALeader:
    async def supervised(self, office: Office) -> str:
        order_no = await office.dispatched("community-03", requester={})
        await office.act(order_no, "supervise", by="leader-1")
        await office.task(order_no, TaskKind.SUPERVISE)
        return order_no

    async def test_takes_over_and_is_reviewed_too(self, office: Office) -> None:
        order_no = await self.supervised(office)
        await office.decide(order_no, TaskKind.SUPERVISE, "take_over")
        work = await office.eventually(
            lambda: next(
                (
                    each
                    for each in office.tasks(order_no)
                    if each["role"] == "street_leader" and each["kind"] == "handle"
                ),
                None,
            ),
            "the leader's own work",
        )
        assert (work["unit"], work["tier"]) == ("street", "street")
        assert seconds_between(work["opened_at"], work["due_at"]) == 900
        await office.decide(order_no, TaskKind.HANDLE, "report_result", text="领导协调办好")
        assert (await office.task(order_no, TaskKind.REVIEW))["role"] == "district_desk"
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        assert (await office.result(order_no)).ending == "resolved"

    async def test_accepts_a_delay_with_its_reason(self, office: Office) -> None:
        order_no = await self.supervised(office)
        promised, until = office.order(order_no)["promised_at"], now() + timedelta(seconds=7)
        await office.settled(
            await office.decide(
                order_no, TaskKind.SUPERVISE, "accept_delay", until=until.isoformat(), reason="weather"
            )
        )
        work = await office.task(order_no, TaskKind.HANDLE)
        assert work["due_at"] == until.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        order = office.order(order_no)
        assert (order["promised_at"], order["stage"]) == (promised, "handling")
        assert await office.words("delayed")
        await office.reported(order_no, text="已办")
        await office.result(order_no)


class TestABureauWithoutAccounts:
    async def test_is_reached_by_the_streets_liaison(self, office: Office) -> None:
        order_no = await office.dispatched("district-planning", requester={})
        work = await office.task(order_no, TaskKind.HANDLE)
        assert (work["unit"], work["role"]) == ("district-planning", "liaison")
        assert office.somebody_for(work).unit == "street"
        await office.decide(order_no, TaskKind.HANDLE, "report_result", text="规划局来函")
        assert (await office.task(order_no, TaskKind.REVIEW))["role"] == "street_desk"
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        await office.result(order_no)
