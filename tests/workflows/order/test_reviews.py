"""Reviews: a proposal counts once another person has looked at it or kept silent."""

import pytest

from domain.order.lifecycle import TaskKind
from store.matter.said.decisions import Refused
from tests.support.office import Office, seconds_between


async def cannot(office: Office) -> str:
    order_no = await office.dispatched(requester={})
    await office.decide(order_no, TaskKind.HANDLE, "cannot_resolve", reason="no_funding", text="没有经费")
    return order_no


async def explained(office: Office, order_no: str) -> None:
    await office.decide(
        order_no, TaskKind.EXPLAIN, "explained", how="visit", at="2026-11-23T10:00:00Z", text="说明"
    )


class TestAResult:
    async def test_rests_until_the_desk_approves(self, office: Office) -> None:
        order_no = await office.dispatched(requester={})
        await office.decide(order_no, TaskKind.HANDLE, "report_result", text="已办")
        review = await office.task(order_no, TaskKind.REVIEW)
        assert (review["unit"], review["role"]) == ("street", "street_desk")
        assert office.order(order_no)["stage"] == "review"
        assert [each["kind"] for each in office.tasks(order_no) if each["state"] == "open"] == ["review"]
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        assert (await office.result(order_no)).ending == "resolved"

    async def test_is_not_reviewed_by_who_proposed_it(self, office: Office) -> None:
        order_no = await office.dispatched(requester={})
        work = await office.task(order_no, TaskKind.HANDLE)
        # An operator's signal may name anybody: here a member of the desk.
        said = {"task_id": work["task_id"], "actor": "desk-1", "outcome": "report_result", "comment": "已办"}
        await office.signal(order_no, {**said, "decision_id": "by-the-desk"})
        review = await office.task(order_no, TaskKind.REVIEW)
        with pytest.raises(Refused) as refused:
            office.submit(review, "approve", by="desk-1")
        assert refused.value.refusal.code == "own_work"
        said = {"task_id": review["task_id"], "actor": "desk-1", "outcome": "approve"}
        await office.signal(order_no, {**said, "decision_id": "own"})
        assert (await office.settled("own"))["code"] == "own_work"
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        await office.result(order_no)

    async def test_goes_back_to_the_unit_with_the_minimum_remainder(self, office: Office) -> None:
        order_no = await office.dispatched(requester={})
        first = await office.task(order_no, TaskKind.HANDLE)
        await office.decide(order_no, TaskKind.HANDLE, "report_result", text="已办")
        await office.decide(order_no, TaskKind.REVIEW, "revise", text="照片呢")
        again = await office.task(order_no, TaskKind.HANDLE)
        assert again["unit"] == first["unit"]
        assert again["due_at"] > first["due_at"], "the review rests the clock"
        assert seconds_between(again["opened_at"], again["due_at"]) >= 1
        promised = office.order(order_no)["promised_at"]
        await office.reported(order_no, text="附上照片")
        await office.result(order_no)
        assert office.order(order_no)["promised_at"] == promised

    @pytest.mark.hasty
    async def test_counts_as_approved_when_nobody_looks(self, office: Office) -> None:
        order_no = await office.dispatched(requester={})
        await office.decide(order_no, TaskKind.HANDLE, "report_result", text="已办")
        result = await office.result(order_no)
        assert (result.ending, result.overdue) == ("resolved", False), "in time by when it was reported"
        assert [each["kind"] for each in office.data(order_no, "LimitPassed")] == ["review"]

    async def test_of_a_district_unit_is_reviewed_by_its_head(self, office: Office) -> None:
        order_no = await office.dispatched("district-housing", requester={})
        await office.decide(order_no, TaskKind.HANDLE, "report_result", text="已办")
        review = await office.task(order_no, TaskKind.REVIEW)
        assert (review["unit"], review["role"]) == ("district-housing", "unit_head")
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        await office.result(order_no)

    async def test_of_a_rework_is_reviewed_by_somebody_else(self, office: Office) -> None:
        order_no = await office.dispatched()
        await office.reported(order_no, text="已办")
        await office.called_back(order_no, solved="no", satisfied="no", cause="unit")
        await office.decide(order_no, TaskKind.HANDLE, "report_result", text="重新办好")
        again = await office.task(order_no, TaskKind.REVIEW)
        first = next(each for each in office.tasks(order_no) if each["kind"] == "review")
        with pytest.raises(Refused) as refused:
            office.submit(again, "approve", by=first["closed_by"])
        assert refused.value.refusal.code == "own_work"
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        await office.called_back(order_no)
        assert (await office.result(order_no)).rounds == 2


class TestWhatCannotBeSolved:
    async def test_is_explained_after_its_review(self, office: Office) -> None:
        order_no = await cannot(office)
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        await office.task(order_no, TaskKind.EXPLAIN)
        assert office.order(order_no)["stage"] == "explaining"
        await explained(office, order_no)
        assert (await office.result(order_no)).ending == "explained"

    async def test_goes_back_to_work_when_the_reviewer_knows_better(self, office: Office) -> None:
        order_no = await cannot(office)
        await office.decide(order_no, TaskKind.REVIEW, "revise", text="可以申请专项经费")
        await office.reported(order_no, text="经费已落实")
        assert (await office.result(order_no)).ending == "resolved"

    @pytest.mark.hasty
    async def test_climbs_to_the_reviewers_leader_and_then_under_supervision(self, office: Office) -> None:
        order_no = await cannot(office)
        await office.task(order_no, TaskKind.EXPLAIN)
        reviews = [each for each in office.tasks(order_no) if each["kind"] == "review"]
        assert [(each["role"], each["outcome"]) for each in reviews] == [
            ("street_desk", "expired"),
            ("street_leader", "expired"),
        ]
        assert (await office.task(order_no, TaskKind.SUPERVISE))["role"] == "street_leader"
        await explained(office, order_no)
        assert (await office.result(order_no)).ending == "explained"


class TestARejection:
    async def test_is_approved_by_the_leader_and_explained_by_the_desk(self, office: Office) -> None:
        order_no = await office.place(requester={})
        await office.decide(
            order_no,
            TaskKind.FIRST_CONTACT,
            "refer",
            text="已在诉讼",
            reject_reason="in_court_or_arbitration",
        )
        await office.decide(
            order_no, TaskKind.CLASSIFY, "reject", reason="in_court_or_arbitration", text="法院已受理"
        )
        assert (await office.task(order_no, TaskKind.REVIEW))["role"] == "street_leader"
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        assert (await office.task(order_no, TaskKind.EXPLAIN))["role"] == "street_desk"
        await explained(office, order_no)
        assert (await office.result(order_no)).ending == "not_accepted"
        assert office.order(order_no)["promised_at"] is None

    async def test_that_the_leader_refuses_is_sorted_again(self, office: Office) -> None:
        order_no = await office.place(requester={})
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请看")
        await office.decide(order_no, TaskKind.CLASSIFY, "reject", reason="no_facts", text="没有事实")
        await office.decide(order_no, TaskKind.REVIEW, "revise", text="应予受理")
        await office.decide(order_no, TaskKind.CLASSIFY, "general", unit="community-03")
        await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        await office.reported(order_no, text="已办")
        assert (await office.result(order_no)).ending == "resolved"

    @pytest.mark.hasty
    async def test_that_nobody_reviews_is_explained_under_supervision(self, office: Office) -> None:
        order_no = await office.place(requester={})
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请看")
        await office.decide(order_no, TaskKind.CLASSIFY, "reject", reason="no_facts", text="没有事实")
        await office.task(order_no, TaskKind.SUPERVISE)
        reviews = [each["role"] for each in office.tasks(order_no) if each["kind"] == "review"]
        assert reviews == ["street_leader", "district_desk"]
        await explained(office, order_no)
        assert (await office.result(order_no)).ending == "not_accepted"


class TestASendBack:
    async def test_that_is_approved_goes_to_the_desk_again(self, office: Office) -> None:
        order_no = await signing(office)
        await office.decide(
            order_no, TaskKind.ACKNOWLEDGE, "send_back", reason="out_of_area", text="不在辖区"
        )
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        await office.decide(order_no, TaskKind.DISPATCH, "assign", lead_unit="community-02")
        assert (await office.task(order_no, TaskKind.ACKNOWLEDGE))["unit"] == "community-02"
        await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        await office.reported(order_no, text="已办")
        await office.result(order_no)

    @pytest.mark.parametrize("silent", [False, pytest.param(True, marks=pytest.mark.hasty)])
    async def test_that_is_refused_or_not_looked_at_binds(self, office: Office, silent: bool) -> None:
        order_no = await signing(office)
        await office.decide(order_no, TaskKind.ACKNOWLEDGE, "send_back", reason="incomplete", text="缺材料")
        if not silent:
            await office.decide(order_no, TaskKind.REVIEW, "revise", text="请先联系居民")
        work = await office.task(order_no, TaskKind.HANDLE)
        assert work["unit"] == "community-03"
        assert work["due_at"] > office.order(order_no)["promised_at"], "the review is not taken off its time"
        await office.reported(order_no, text="已办")
        await office.result(order_no)

    async def test_is_offered_twice_and_then_the_assignment_binds(self, office: Office) -> None:
        order_no = await signing(office)
        for unit in ("community-01", "community-02"):
            await office.decide(
                order_no, TaskKind.ACKNOWLEDGE, "send_back", reason="out_of_area", text="不在辖区"
            )
            await office.decide(order_no, TaskKind.REVIEW, "approve")
            await office.decide(order_no, TaskKind.DISPATCH, "assign", lead_unit=unit)
        third = await office.task(order_no, TaskKind.ACKNOWLEDGE)
        with pytest.raises(Refused) as refused:
            office.submit(third, "send_back", reason="out_of_area", text="不在辖区")
        assert refused.value.refusal.code == "unknown_outcome"
        said = {"task_id": third["task_id"], "actor": "x", "outcome": "send_back", "comment": "不在辖区"}
        await office.signal(order_no, {**said, "decision_id": "third", "fields": {"reason": "out_of_area"}})
        assert (await office.settled("third"))["code"] == "unknown_outcome"
        await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        await office.reported(order_no, text="已办")
        await office.result(order_no)


async def signing(office: Office) -> str:
    order_no = await office.place(requester={})
    await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
    await office.decide(order_no, TaskKind.CLASSIFY, "general", unit="community-03")
    await office.task(order_no, TaskKind.ACKNOWLEDGE)
    return order_no
