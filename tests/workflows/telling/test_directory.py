"""The directory as data: running orders follow a loaded version from then on."""

import asyncio
import uuid
from dataclasses import replace

import pytest
from sqlalchemy import text

from domain.office.first_directory import FIRST
from domain.order.lifecycle import TaskKind
from tests.support.commands import dingdan
from tests.support.office import Office
from tests.support.reorganised import MERGED, loaded


class TestAnOrderUnderALoadedDirectory:
    @pytest.mark.hasty
    async def test_climbs_to_the_unit_of_the_version_in_force_at_that_moment(self, office: Office) -> None:
        order_no = await office.dispatched("community-05", community="community-05", requester={})
        loaded(office.store)
        await office.eventually(lambda: office.order(order_no)["tier"] == "street", "escalated")
        (escalated,) = office.data(order_no, "OrderEscalated")
        assert (escalated["unit"], escalated["rule"]) == ("street-noise", "S2x")
        loaded(office.store, replace(MERGED, routes=FIRST.routes))
        await office.decide(order_no, TaskKind.HANDLE, "hand_up", text="街道办不了")
        await office.eventually(lambda: office.order(order_no)["tier"] == "district", "handed up")
        helper = await office.task(order_no, TaskKind.ASSIST)
        assert "street-noise" in {each["unit"] for each in office.tasks(order_no) if each["kind"] == "assist"}
        assert helper["role"] in {"unit_handler", "community_worker"}

    async def test_that_is_handed_up_goes_by_it_too(self, office: Office) -> None:
        order_no = await office.dispatched("community-05", community="community-05", requester={})
        loaded(office.store)
        await office.decide(order_no, TaskKind.HANDLE, "hand_up", text="社区办不了")
        await office.eventually(lambda: office.order(order_no)["tier"] == "street", "handed up")
        (handed,) = office.data(order_no, "OrderHandedUp")
        assert (handed["unit"], handed["rule"]) == ("street-noise", "S2x")

    @pytest.mark.hasty
    async def test_that_the_desk_categorises_goes_by_its_new_category(self, office: Office) -> None:
        order_no = await office.place(category=None, community="community-05", requester={})
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
        await office.decide(order_no, TaskKind.CLASSIFY, "general", category="traffic")
        await office.eventually(lambda: office.data(order_no, "OrderDispatched"), "dispatched by nobody")
        (dispatched,) = office.data(order_no, "OrderDispatched")
        assert (dispatched["unit"], dispatched["rule"]) == ("street-urban-management", "S3")

    @pytest.mark.hasty
    async def test_passes_over_a_post_that_is_vacant(self, office: Office) -> None:
        order_no = await office.dispatched("community-05", community="community-05", requester={})
        with office.store.write() as connection:
            connection.execute(text("UPDATE staff SET active = false WHERE unit LIKE 'street-%'"))
        await office.eventually(lambda: office.data(order_no, "OrderEscalated"), "escalated")
        (escalated,) = office.data(order_no, "OrderEscalated")
        assert (escalated["tier"], escalated["unit"]) == ("district", "district-urban-management")

    async def test_is_worked_on_again_by_whoever_took_the_units_place(self, office: Office) -> None:
        order_no = await office.dispatched("community-03")
        await office.reported(order_no, text="已办")
        await office.task(order_no, TaskKind.FOLLOW_UP)
        loaded(office.store)
        await office.act(order_no, "rate", solved="no", satisfied="no")
        await office.eventually(lambda: office.order(order_no)["round"] == 2, "rework")
        work = await office.task(order_no, TaskKind.HANDLE)
        assert work["unit"] == "community-04"
        assert office.data(order_no, "OrderDispatched")[-1]["rule"] == "successor"


class TestACodeInASignalTypedByHand:
    async def at_dispatch(self, office: Office) -> tuple[str, str]:
        order_no = await office.place(category=None, community="community-05", requester={})
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
        await office.decide(order_no, TaskKind.CLASSIFY, "complex")
        return order_no, (await office.task(order_no, TaskKind.DISPATCH))["task_id"]

    async def test_is_looked_up_and_taken(self, office: Office) -> None:
        loaded(office.store)
        order_no, task_id = await self.at_dispatch(office)
        said = {"task_id": task_id, "decision_id": uuid.uuid4().hex, "actor": "ops", "outcome": "assign"}
        await office.signal(order_no, {**said, "fields": {"lead_unit": "street-safety"}})
        sign = await office.task(order_no, TaskKind.ACKNOWLEDGE)
        assert (sign["unit"], sign["tier"]) == ("street-safety", "street")

    async def test_that_is_closed_or_unknown_is_refused_and_harms_nothing(self, office: Office) -> None:
        loaded(office.store)
        order_no, task_id = await self.at_dispatch(office)
        for unit in ("community-03", "street", "张三 13800000000", ["street-safety"]):
            said = {"task_id": task_id, "decision_id": uuid.uuid4().hex, "actor": "ops", "outcome": "assign"}
            await office.signal(order_no, {**said, "fields": {"lead_unit": unit}})
        await office.eventually(lambda: len(office.data(order_no, "SignalRefused")) == 4, "refused")
        assert all("138" not in str(each) for each in office.data(order_no, "SignalRefused"))
        status = await office.status(order_no)
        assert [task.task_id for task in status.tasks] == [task_id]


class TestMovingTheOrdersOfAUnit:
    async def test_names_those_that_stay_and_why(self, office: Office) -> None:
        office.policy = "standard"
        going = await office.dispatched("community-05", community="community-05", requester={})
        reviewed = await office.dispatched("community-05", community="community-05", requester={})
        await office.decide(reviewed, TaskKind.HANDLE, "report_result", text="已办")
        await office.stage(reviewed, "review")
        arguments = ("unit", "move", "community-05", "community-06", "--reason", "社区合并", "--wait", "15")
        command = asyncio.create_task(dingdan(office, *arguments))
        await office.eventually(
            lambda: office.rows("SELECT * FROM decision WHERE name = 'reassign'"), "asked"
        )
        await office.drain()
        code, said = await command
        lines = said.splitlines()
        assert (code, lines[0]) == (1, "1 order(s) moved from community-05 to community-06")
        assert lines[1].startswith(f"{reviewed}\tstays: ")
        assert (await office.task(going, TaskKind.ACKNOWLEDGE))["unit"] == "community-06"

    async def test_says_what_it_would_do_and_does_nothing(self, office: Office) -> None:
        office.policy = "standard"
        order_no = await office.dispatched("community-05", community="community-05", requester={})
        arguments = ("unit", "move", "community-05", "community-06", "--reason", "合并", "--dry-run")
        code, said = await dingdan(office, *arguments)
        assert (code, said.splitlines()[0]) == (0, "1 order(s) would move from community-05 to community-06")
        assert office.order(order_no)["unit"] == "community-05"
        assert not office.rows("SELECT * FROM decision WHERE name = 'reassign'")

    async def test_to_a_unit_that_is_none_is_refused(self, office: Office) -> None:
        for to, reason in (
            ("nobody", "there is no open unit 'nobody'"),
            ("community-05", "with this unit already"),
        ):
            code, said = await dingdan(office, "unit", "move", "community-05", to, "--reason", "合并")
            assert (code, reason in said) == (1, True)
