"""Orders split from one that holds several matters: their inheritance, and the messages to their resident."""

from datetime import datetime, timedelta

import pytest

from activities.message.wording import words
from api.errors import Problem
from api.keys import required_key
from store.database import Store
from store.office.people import dismiss
from store.order.joined.telling import tell_next
from store.order.message.outgoing import outgoing
from store.telling.holds import lift_hold, order_hold
from tests.support.instants import about, promised
from tests.support.stories.stored_story import MONDAY, StoredStory, hours

DAY = timedelta(days=1)
ANOTHER = [{"text": "另一件事"}]


def split(order: StoredStory, parts: list[dict[str, str]] = ANOTHER) -> list[dict[str, str]]:
    """Let the desk split an order, and return the rows of the parts."""
    order.decide_task("first_contact", "refer", text="请办理")
    order.decide_task("classify", "split", by="desk-1", parts=parts)
    return order.sql("SELECT * FROM orders WHERE split_from = :no ORDER BY description", no=order.order_no)


class TestASplit:
    def test_does_not_depend_on_who_took_the_call_being_there_still(self, store: Store) -> None:
        order = StoredStory(store, received_by="duty-1")
        order.decide_task("first_contact", "refer", by="duty-1", text="请办理")
        with store.write() as connection:
            dismiss(connection, "duty-1", now=order.now)
        order.decide_task("classify", "split", by="desk-1", parts=[{"text": "另一件事"}])
        assert len(order.sql("SELECT 1 FROM orders WHERE split_from = :no", no=order.order_no)) == 1

    @pytest.mark.parametrize("length", [64, 100])
    def test_takes_an_id_of_any_length_that_the_wire_takes(self, store: Store, length: int) -> None:
        order = StoredStory(store)
        order.decide_task("first_contact", "refer", text="请办理")
        task = order.task("classify")
        said = {"task_id": task.task_id, "decision_id": "s" * length, "actor": "d" * 64}
        order.decide({**said, "outcome": "split", "fields": {"parts": [{"text": "另一件事"}]}}, by_hand=True)
        order.settle()
        assert len(order.sql("SELECT 1 FROM orders WHERE split_from = :no", no=order.order_no)) == 1
        keys = order.sql("SELECT key FROM idempotency WHERE key LIKE 'split %'")
        assert [len(row["key"]) <= 64 for row in keys] == [True]

    def test_takes_no_key_that_a_channel_may_send(self, store: Store) -> None:
        """If a part's key were used already, the step that makes the part would fail for ever."""
        order = StoredStory(store)
        split(order)
        (part,) = order.sql("SELECT key FROM idempotency WHERE key LIKE 'split%'")
        with pytest.raises(Problem) as refused:
            required_key(part["key"])
        assert refused.value.body.code == "idempotency_key_malformed"

    def test_keeps_what_is_seen_of_a_part_that_was_typed_by_hand(self, store: Store) -> None:
        order = StoredStory(store)
        order.decide_task("first_contact", "refer", text="请办理")
        said = {"task_id": order.task("classify").task_id, "decision_id": "by-hand", "actor": "desk-1"}
        parts = [{"text": "\u202e另一件\u200b事"}]
        order.decide({**said, "outcome": "split", "fields": {"parts": parts}}, by_hand=True)
        order.settle()
        made = order.sql("SELECT description FROM orders WHERE split_from = :no", no=order.order_no)
        assert made == [{"description": "另一件事"}]


class TestAPart:
    def test_is_found_by_each_number_of_its_requester(self, store: Store) -> None:
        order = StoredStory(store, requester={"phone": "000-0001/000-0002"}, phone_keys=("one", "two"))
        (part,) = split(order)
        found = "SELECT phone_key FROM requester_phone WHERE order_no = :no ORDER BY phone_key"
        assert [row["phone_key"] for row in order.sql(found, no=part["order_no"])] == ["one", "two"]

    def test_is_promised_an_answer_as_if_it_had_been_placed_alone(self, store: Store) -> None:
        whole, alone = StoredStory(store, book="standard-2"), StoredStory(store, book="standard-2")
        for order in (whole, alone):
            order.decide_task("first_contact", "refer", text="请办理")
            order.forward(hours(1))
        whole.decide_task("classify", "split", by="desk-1", parts=ANOTHER)
        part = StoredStory.part_of(whole)
        part.decide_task("first_contact", "refer", text="请办理")
        for order in (part, alone):
            order.decide_task("classify", "urgent", unit="street-urban-management")
        assert part.row["received_at"] == whole.row["received_at"]
        assert part.status.received_at == MONDAY
        assert part.status.promised_at == alone.status.promised_at

    def test_begins_its_first_task_when_it_is_made(self, store: Store) -> None:
        whole = StoredStory(store, book="standard-2")
        whole.decide_task("first_contact", "refer", text="请办理")
        whole.forward(hours(1))
        whole.decide_task("classify", "split", by="desk-1", parts=ANOTHER)
        first = StoredStory.part_of(whole).task("first_contact")
        assert first.opened_at > MONDAY + hours(1)
        assert first.due_at is not None
        assert first.due_at > first.opened_at

    def test_has_what_rested_before_it_was_made_counted_for_it_too(self, store: Store) -> None:
        whole = StoredStory(store, book="standard-2")
        whole.decide_task("first_contact", "refer", text="请办理")
        whole.hold(MONDAY + hours(20))
        whole.settle()
        whole.forward(hours(20))
        whole.decide_task("classify", "split", by="desk-1", parts=ANOTHER)
        part = StoredStory.part_of(whole)
        part.decide_task("first_contact", "refer", text="请办理")
        for order in (part, whole):
            order.decide_task("classify", "urgent", unit="street-urban-management")
        promised = part.status.promised_at
        assert promised == whole.status.promised_at
        assert promised is not None
        assert promised > MONDAY + hours(40)


class TestAPartOfAnOrderThatWasHeld:
    """Holds that stopped the split order also stopped its parts, whatever the order has heard of the holds."""

    def whole(self, store: Store) -> StoredStory:
        """Place an order that can be split."""
        order = StoredStory(store, book="standard-2")
        order.decide_task("first_contact", "refer", text="请办理")
        return order

    def holds(self, order: StoredStory, until: datetime) -> None:
        """Order a hold, without telling any order yet."""
        with order.store.write() as connection:
            order_hold(connection, reason="暴雨", until=until, ordered_by="administrator-1", now=order.now)

    def lifts(self, order: StoredStory) -> None:
        """Lift the hold, without telling any order yet."""
        with order.store.write() as connection:
            lift_hold(connection, lifted_by="administrator-1", now=order.now)

    def split(self, whole: StoredStory) -> StoredStory:
        """Split off a part, let both hear everything, classify both, and return the part."""
        whole.decide_task("classify", "split", by="desk-1", parts=ANOTHER)
        part = StoredStory.part_of(whole)
        for order in (whole, part):
            order.be_told()
            order.settle()
        part.decide_task("first_contact", "refer", text="请办理")
        for order in (whole, part):
            order.decide_task("classify", "urgent", unit="street-urban-management")
        return part

    def test_has_a_hold_counted_of_whose_lift_the_whole_has_not_heard(self, store: Store) -> None:
        whole = self.whole(store)
        whole.hold(MONDAY + hours(30))
        whole.settle()
        whole.forward(hours(20))
        self.lifts(whole)
        part = self.split(whole)
        assert about(promised(whole), MONDAY + hours(24 + 20))
        assert about(promised(part), promised(whole))

    def test_has_a_hold_counted_that_is_over_and_that_the_whole_still_has(self, store: Store) -> None:
        whole = self.whole(store)
        whole.hold(MONDAY + hours(20))
        whole.settle()
        with whole.worker_away(MONDAY + hours(21)):
            pass
        part = self.split(whole)
        assert about(promised(whole), MONDAY + hours(24 + 20))
        assert about(promised(part), promised(whole))

    @pytest.mark.parametrize("ends", ["by_itself", "lifted"])
    @pytest.mark.parametrize("goes_out", ["before_the_split", "after_it"])
    def test_has_a_hold_counted_once_of_which_the_whole_has_heard_nothing(
        self, store: Store, ends: str, goes_out: str
    ) -> None:
        whole = self.whole(store)
        self.holds(whole, MONDAY + hours(6 if ends == "by_itself" else 30))
        with whole.worker_away(MONDAY + hours(6)):
            pass
        if ends == "lifted":
            self.lifts(whole)
        while goes_out == "before_the_split" and tell_next(store, now=whole.now):
            # The telling waits in the outbox; the part does not hear of it.
            pass
        part = self.split(whole)
        assert about(promised(whole), MONDAY + hours(24 + 6))
        assert about(promised(part), promised(whole))

    def test_has_every_hold_counted_once_whoever_knows_of_it(self, store: Store) -> None:
        whole = self.whole(store)
        whole.hold(MONDAY + hours(4))
        whole.settle()
        whole.forward(hours(5))
        assert len(whole.state.rests) == 1
        whole.hold(MONDAY + hours(20))
        whole.settle()
        whole.forward(hours(3))
        self.lifts(whole)
        self.holds(whole, MONDAY + hours(30))
        whole.forward(hours(1))
        part = self.split(whole)
        for order in (whole, part):
            order.forward(hours(30))
        # It was held from 0 to 4 and from 5 to 8, and both are held from 8 to 30.
        assert about(promised(whole), MONDAY + hours(24 + 4 + 3 + 22))
        assert about(promised(part), promised(whole))
        rests = part.start.rests
        assert [(rest.began < rest.ended) for rest in rests] == [True, True]
        assert rests[0].ended < rests[1].began

    def test_has_nothing_counted_of_a_hold_before_the_whole_was_placed(self, store: Store) -> None:
        earlier = StoredStory(store, book="standard-2", now=MONDAY - hours(4), key="placed-before-the-hold")
        self.holds(earlier, MONDAY - hours(2))
        whole = self.whole(store)
        part = self.split(whole)
        assert part.start.rests == ()
        assert promised(part) == promised(whole) == MONDAY + hours(24)


class TestTheResident:
    def test_is_told_number_and_code_of_every_part(self, store: Store) -> None:
        order = StoredStory(store)
        parts = split(order, [{"text": "一件"}, {"text": "又一件"}])
        assert order.templates() == ["split"]
        with store.read() as connection:
            (told,) = outgoing(connection, order.order_no)
        for part in parts:
            assert f"订单 {part['order_no']}，查询码 {part['tracking_code']}" in words(told)
        assert len(parts) == 2

    def test_who_joined_the_order_is_not_told_the_codes_of_somebody_else(self, store: Store) -> None:
        leading, follower = StoredStory(store), StoredStory(store)
        leading.decide_task("first_contact", "refer", text="请办理")
        follower.decide_task("first_contact", "mark_duplicate", leading_order_no=leading.order_no)
        leading.now = follower.now + hours(0.001)
        leading.send_outbox()
        leading.settle()
        leading.decide_task("classify", "split", by="desk-1", parts=ANOTHER)
        with store.read() as connection:
            told = [each for each in outgoing(connection, leading.order_no) if each.template == "split"]
        assert len(told) == 1

    def test_is_told_once_however_often_the_step_is_repeated(self, store: Store) -> None:
        order = StoredStory(store)
        split(order)
        step = next(each for each in order.told.steps if each.split is not None)
        again = order._answer("record", step)
        assert again.parts == order.told.answers[order.told.steps.index(step)].parts
        assert order.templates() == ["split"]
