"""An order that has joined another waits for the leading order's answer, but still serves its own resident."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from api.desk.history import happened
from domain.doors import Via
from domain.figures.counting import window
from domain.order.policy import policy
from messages.matter.recorded import RecordedMatter, RecordedStep
from store.database import Store
from store.figures import counting as figures
from store.matter.history import list_events
from store.matter.reach import Scope
from store.matter.said.decisions import Actor, Refused
from store.mending.comparison import known_matters
from store.mending.rebuild import rebuild
from store.office.directory import current
from store.order import finding
from store.order.message.last_words import last_reply
from store.order.said.decisions import submit_action
from store.order.step import write_step
from tests.support.stories.joined import UNIT, Post, answered, delivered, heard, join, led, placed
from tests.support.stories.stored_story import StoredStory


def kinds(order: StoredStory) -> set[str]:
    """Return the kinds of the open tasks."""
    return {each.kind for each in order.status.tasks}


class TestAJoinedOrder:
    def test_waits_for_the_answer_and_is_neither_rated_nor_archived_before(self, store: Store) -> None:
        _, order = led(store, book="standard-2")
        order.forward(timedelta(days=60))
        assert (order.row["stage"], order.row["ending"], order.row["due_at"]) == ("joined", "merged", None)
        with pytest.raises(Refused) as refused:
            order.keep_action("rate", solved="yes", satisfied="yes")
        assert refused.value.refusal.code == "merged"

    def test_is_called_back_once_the_answer_is_there_and_its_window_begins_then(self, store: Store) -> None:
        leading, order = led(store)
        order.forward(timedelta(hours=1))
        answered(leading)
        heard(order)
        assert kinds(order) == {"follow_up"}
        order.decide_task("follow_up", "reached", solved="yes", satisfied="yes")
        assert order.row["stage"] == "closed"
        order.forward(timedelta(hours=1))
        assert (order.row["stage"], order.row["merged_into"]) == ("archived", leading.order_no)
        assert order.event_types.count("OrderReplied") == 1

    def test_is_not_called_by_whoever_did_the_work(self, store: Store) -> None:
        leading, order = led(store)
        answered(leading)
        heard(order)
        assert order.row["handled_by"] == leading.row["handled_by"] is not None

    def test_looks_itself_when_nobody_tells_it(self, store: Store) -> None:
        leading, order = led(store)
        order.forward(timedelta(days=8))
        assert order.row["stage"] == "joined"
        answered(leading)
        order.forward(timedelta(days=8))
        assert "OrderReplied" in order.event_types

    def test_is_not_ended_by_a_signal_that_somebody_types(self, store: Store) -> None:
        _, order = led(store)
        for by_hand in (True, False):
            said = {"action_id": f"forged-{by_hand}", "actor": "system", "action": "answer", "fields": {}}
            order.act(said, by_hand=by_hand)
            order.settle()
            assert order.row["stage"] == "joined"
        order.forward(timedelta(days=8))
        assert order.row["stage"] == "joined"
        assert [each.code for each in order.status.refusals] == ["not_by_hand"]

    def test_that_joined_while_the_answer_was_written_is_told(self, store: Store) -> None:
        leading, order = placed(store, "000-0001"), placed(store, "000-0002")
        leading.to_work(UNIT)
        leading.decide_task("handle", "report_result", text="已清理")
        merge = order.keep_action("merge", by="desk-1", leading_order_no=leading.order_no)
        assert merge.said is not None
        order.act(merge.said.model_dump(mode="json"))
        order.step()
        order.step()
        assert order.row["merged_into"] == leading.order_no
        leading.decide_task("review", "approve")
        order.settle()
        post = Post()
        delivered(leading, post)
        assert order.order_no in {each.order_no for each in post.sent if each.template == "replied_resolved"}
        assert kinds(order) == {"follow_up"}

    def test_moves_along_with_the_one_that_it_joined(self, store: Store) -> None:
        first, second, third = [placed(store, f"000-000{number}") for number in (1, 2, 3)]
        first.to_work(UNIT)
        second.to_work(UNIT)
        join(third, second)
        join(second, first)
        answered(first, "都清走了")
        for each in (second, third):
            heard(each)
            assert kinds(each) == {"follow_up"}
            with store.read() as connection:
                assert last_reply(connection, each.order_no) == "都清走了"

    def test_is_told_one_answer_even_if_the_leading_one_answers_again_before_it_hears(
        self, store: Store
    ) -> None:
        leading, order = led(store)
        post = Post()
        answered(leading, "已清理")
        leading.decide_task("follow_up", "reached", solved="no", satisfied="no", cause="unit")
        leading.decide_task("handle", "report_result", text="又清理了")
        leading.decide_task("review", "approve", by="desk-2")
        delivered(leading, post)
        heard(order)
        replies = [each for each in post.sent if each.template == "replied_resolved"]
        assert [each.order_no for each in replies] == [leading.order_no, order.order_no, leading.order_no]
        assert order.event_types.count("OrderReplied") == 1
        with store.read() as connection:
            assert last_reply(connection, order.order_no) == "已清理"

    def test_whose_withdrawal_crosses_the_answer_is_told_that_and_no_more(self, store: Store) -> None:
        leading, order = led(store)
        withdrawal = order.keep_action("withdraw")
        answered(leading)
        post = Post()
        delivered(leading, post)
        order.hear(withdrawal)
        heard(order)
        assert (order.row["stage"], order.row["ending"]) == ("closed", "withdrawn")
        assert "OrderReplied" not in order.event_types
        delivered(order, post)
        assert [each.template for each in post.sent if each.order_no == order.order_no] == [
            "replied_resolved"
        ]
        assert kinds(order) == set()

    def test_that_is_taken_back_is_told_nothing_and_leaves_the_leading_one_alone(self, store: Store) -> None:
        leading, order = led(store)
        assert order.row["stage"] == "joined"
        order.order_action("withdraw")
        assert (order.row["stage"], order.row["ending"]) == ("closed", "withdrawn")
        answered(leading)
        post = Post()
        delivered(leading, post)
        assert {each.order_no for each in post.sent if each.template == "replied_resolved"} == {
            leading.order_no
        }
        assert leading.row["requester_left"] == 0


def discontented(order: StoredStory) -> None:
    """Let the order's own resident say no, so that its own next round begins."""
    order.decide_task("follow_up", "reached", solved="no", satisfied="no", cause="unit")


class TestAnAnswerThatIsHeardLate:
    def test_ends_the_wait_though_the_leading_order_works_on_it_again(self, store: Store) -> None:
        leading, order = led(store)
        answered(leading)
        discontented(leading)
        assert leading.row["stage"] == "handling"
        heard(order)
        assert kinds(order) == {"follow_up"}
        assert order.row["handled_by"] == leading.row["handled_by"] is not None
        with store.read() as connection:
            assert last_reply(connection, order.order_no) == "已清理"
        discontented(order)
        assert order.task("handle").unit == UNIT
        assert rebuilt(order) == {}

    def test_is_found_by_one_that_nobody_tells(self, store: Store) -> None:
        leading, order = led(store, book="standard-2")
        answered(leading)
        discontented(leading)
        order.forward(timedelta(days=7, minutes=1))
        assert kinds(order) == {"follow_up"}

    def test_ends_also_the_wait_of_one_whose_requester_has_left(self, store: Store) -> None:
        first, (second, third) = placed(store, "000-0003"), led(store)
        first.to_work(UNIT)
        second.order_action("withdraw")
        join(second, first)
        answered(first)
        discontented(first)
        heard(second)
        assert (second.row["stage"], second.row["requester_left"]) == ("closed", 1)
        heard(third)
        assert kinds(third) == {"follow_up"}

    def test_counts_as_it_was_given_whatever_becomes_of_the_leading_order(self, store: Store) -> None:
        leading, order = led(store)
        leading.order_action("supervise", by="leader-1")
        leading.decide_task(
            "supervise", "conclude", by="leader-1", reason="no_solution_in_sight", text="没有条件解决"
        )
        leading.decide_task("follow_up", "reached", solved="yes", satisfied="yes")
        leading.order_action("reopen", text="又来了")
        assert leading.row["ending"] is None
        heard(order)
        discontented(order)
        assert order.row["stage"] == "closed"

    def test_is_not_taken_from_a_resident_by_a_reset_of_the_leading_order(self, store: Store) -> None:
        leading, order = led(store)
        before = leading.told.steps[-1]
        assert before.facts.stage == "handling"
        answered(leading)
        anew = before.model_copy(
            update={"run_id": "reset", "events": (), "verdicts": (), "opened": (), "closed": (), "clocks": ()}
        )
        with store.write() as connection:
            write_step(connection, anew, policy("seconds"), takes_over=leading.run_id)
        assert leading.row["stage"] == "handling"
        heard(order)
        assert kinds(order) == {"follow_up"}

    def test_reached_who_had_joined_before_one_that_begins_a_round_of_its_own(self, store: Store) -> None:
        first, second, third = [placed(store, f"000-000{number}") for number in (1, 2, 3)]
        first.to_work(UNIT)
        second.to_work("street-safety")
        join(third, second)
        join(second, first)
        answered(first)
        heard(second)
        discontented(second)
        assert (second.row["stage"], second.row["merged_into"]) == ("handling", None)
        heard(third)
        assert kinds(third) == {"follow_up"}
        discontented(third)
        assert third.task("handle").unit == UNIT


class TestAnOrderThatJoinsAgain:
    def test_waits_for_the_next_answer_and_the_leading_order_hears_of_it_again(self, store: Store) -> None:
        leading, order = led(store)
        answered(leading)
        heard(order)
        for each in (leading, order):
            discontented(each)
        join(order, leading)
        assert leading.event_types.count("DueTimesRecalculated") == 2
        assert order.row["stage"] == "joined"
        order.forward(timedelta(days=8))
        assert order.row["stage"] == "joined"
        leading.decide_task("handle", "report_result", text="再清了一次")
        leading.decide_task("review", "approve", by="desk-2")
        heard(order)
        assert kinds(order) == {"follow_up"}
        with store.read() as connection:
            assert last_reply(connection, order.order_no) == "再清了一次"

    def test_is_not_ended_by_an_earlier_answer_that_it_hears_only_then(self, store: Store) -> None:
        leading, order = led(store, book="standard-2")
        answered(leading)
        # The order was not told yet, so it looks itself.
        order.forward(timedelta(days=7, minutes=1))
        for each in (leading, order):
            discontented(each)
        join(order, leading)
        heard(order)
        assert order.row["stage"] == "joined"


class TestWhatItsResidentSays:
    def test_goes_to_the_leading_order_with_the_number_of_whom_it_is_from(self, store: Store) -> None:
        leading, order = led(store)
        for action, fields in (("urge", {}), ("supplement", {"text": "晚上更吵"})):
            submitted = order.keep_action(action, **fields)
            assert submitted.row.matter_no == leading.order_no
            leading.hear(submitted)
        assert leading.event_types[-2:] == ["OrderUrged", "OrderSupplemented"]
        with store.read() as connection:
            (said,) = [
                each for each in list_events(connection, leading.order_no) if each.type == "OrderSupplemented"
            ]
            row: Any = finding.find_order(connection, leading.order_no, Scope(everything=True))
            shown = happened(said, row, current(connection), {})
        assert (shown.who, shown.texts) == (f"并入工单 {order.order_no} 的诉求人", ("晚上更吵",))
        assert said.via == Via.RESIDENT

    def test_counts_once_however_often_it_is_sent(self, store: Store) -> None:
        leading, order = led(store)
        for _ in range(2):
            with store.write() as connection:
                submitted = submit_action(
                    connection,
                    order_no=order.order_no,
                    action_id=f"{order.order_no}:once",
                    action="urge",
                    fields={},
                    actor=Actor(name="resident", via=Via.RESIDENT),
                    now=order.now,
                )
            assert submitted.row.matter_no == leading.order_no
        assert submitted.said is None

    def test_is_heard_though_the_leading_orders_own_resident_has_left(self, store: Store) -> None:
        leading, order = led(store)
        leading.order_action("withdraw")
        assert order.keep_action("urge").row.matter_no == leading.order_no

    def test_by_staff_is_said_to_the_leading_order_itself(self, store: Store) -> None:
        _, order = led(store)
        with pytest.raises(Refused) as refused:
            order.keep_action("urge", by="desk-1")
        assert refused.value.refusal.code == "merged"


class TestAResidentWhomTheAnswerDoesNotHelp:
    def test_gets_a_round_with_the_unit_that_worked_on_it(self, store: Store) -> None:
        leading, order = led(store)
        answered(leading)
        heard(order)
        order.decide_task("follow_up", "reached", solved="no", satisfied="no", cause="unit")
        assert (order.task("handle").unit, order.row["merged_into"], order.row["round"]) == (UNIT, None, 2)
        answered(order, "再清了一次")
        order.decide_task("follow_up", "reached", solved="yes", satisfied="yes")
        with store.read() as connection:
            assert last_reply(connection, order.order_no) == "再清了一次"
            assert last_reply(connection, leading.order_no) == "已清理"

    def test_opens_it_again_within_the_window(self, store: Store) -> None:
        leading, order = led(store)
        answered(leading)
        heard(order)
        order.decide_task("follow_up", "reached", solved="yes", satisfied="yes")
        order.order_action("reopen", text="又来了")
        assert (order.task("handle").unit, order.row["merged_into"], order.row["round"]) == (UNIT, None, 2)

    def test_is_sorted_by_the_desk_where_no_unit_worked_on_it(self, store: Store) -> None:
        leading, order = placed(store, "000-0001"), placed(store, "000-0002")
        join(order, leading)
        leading.decide_task("first_contact", "resolve", text="已答复")
        heard(order)
        order.decide_task("follow_up", "reached", solved="no", satisfied="no", cause="unit")
        assert kinds(order) == {"classify"}

    def test_is_only_counted_where_a_leader_had_ended_it(self, store: Store) -> None:
        leading, order = led(store)
        leading.order_action("supervise", by="leader-1")
        leading.decide_task(
            "supervise", "conclude", by="leader-1", reason="no_solution_in_sight", text="没有条件解决"
        )
        assert leading.row["ending"] == "unresolved"
        heard(order)
        order.decide_task("follow_up", "reached", solved="no", satisfied="no", cause="unit")
        assert order.row["stage"] == "closed"


class TestAWithdrawnOrder:
    def test_is_not_rated(self, store: Store) -> None:
        order = placed(store, "000-0001")
        order.to_work()
        order.order_action("withdraw")
        with pytest.raises(Refused) as refused:
            order.keep_action("rate", solved="no", satisfied="no")
        assert refused.value.refusal.code == "withdrawn"

    def test_counts_in_no_share_though_it_was_rated_before(self, store: Store) -> None:
        order = placed(store, "000-0001")
        order.to_work()
        answered(order)
        order.decide_task("follow_up", "reached", solved="no", satisfied="no", cause="unit")
        order.order_action("withdraw")
        with store.read() as connection:
            drawn = figures.picture(
                connection, window(7, now=order.now), Scope(everything=True), now=order.now
            )
        assert drawn.satisfaction.whole == 0


class TestRebuilding:
    def test_finds_joined_orders_whole_and_brings_the_join_back(self, store: Store) -> None:
        leading, order = led(store)
        leading.order_action("withdraw")
        answered(leading)
        heard(order)
        for each in (leading, order):
            assert rebuilt(each) == {}
        assert differs(order) is None
        with store.write() as connection:
            connection.execute(text("UPDATE orders SET merged_into = NULL, requester_left = true"))
        assert "merged_into" in (differs(order) or "")
        assert "requester_left" in (differs(order) or "")
        assert rebuilt(order) == {"orders": 1}
        assert order.row["merged_into"] == leading.order_no

    def test_writes_again_what_everybody_was_told(self, store: Store) -> None:
        leading, order = led(store)
        answered(leading)
        before = order.sql("SELECT matter_no, for_matter, template FROM message ORDER BY id")
        with store.write() as connection:
            connection.execute(text("DELETE FROM message"))
        for each in (leading, order):
            rebuilt(each)
        again = order.sql("SELECT matter_no, for_matter, template FROM message")
        assert sorted(map(str, again)) == sorted(map(str, before))


def rebuilt(order: StoredStory) -> dict[str, int]:
    """Write an order again from its recorded steps, and return what differed."""
    told = zip(order.told.steps, order.told.answers, strict=True)
    steps = tuple(RecordedStep(step=step, answer=answer) for step, answer in told)
    with order.store.write() as connection:
        recorded = RecordedMatter(start=order.start, runs=(order.run_id,), steps=steps)
        return dict(rebuild(connection, recorded).changed)


def differs(order: StoredStory) -> str | None:
    """Return the check's finding on an order; `None` if it finds nothing."""
    with order.store.read() as connection:
        known = known_matters(connection, [order.order_no])[order.order_no]
    return known.differs_from(order.told.steps[-1])
