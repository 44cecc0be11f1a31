"""An attacker who can reach Temporal may send anything: the order believes only the store, and ends well.

Thousands of hostile signals, drawn from a seed, to orders that run here on a real store.
"""

import json
from datetime import timedelta
from typing import Any

import pytest

import worker
from domain.order.actions import ActionName
from domain.order.lifecycle import TaskKind
from store.database import Store
from store.matter.said.decisions import Refused
from store.order.joined.telling import tell
from tests.support.attacker import FORGERS, LONG, Attacker, forged_units
from tests.support.office import SEAL
from tests.support.stories.joined import join, placed
from tests.support.stories.stored_story import MONDAY, StoredStory

FINISHING: dict[str, tuple[str, dict[str, Any]]] = {
    TaskKind.FIRST_CONTACT: ("resolve", {"text": "答复"}),
    TaskKind.CLASSIFY: ("general", {}),
    TaskKind.DISPATCH: ("assign", {"lead_unit": "street-safety"}),
    TaskKind.ACKNOWLEDGE: ("accept", {}),
    TaskKind.HANDLE: ("report_result", {"text": "已办"}),
    TaskKind.REVIEW: ("approve", {}),
    TaskKind.SUPERVISE: ("conclude", {"reason": "no_solution_in_sight", "text": "说明"}),
    TaskKind.FOLLOW_UP: ("reached", {"solved": "yes", "satisfied": "yes"}),
}


def finish(story: StoredStory) -> None:
    """Decide the open tasks as people who want the order to end."""
    for turn in range(120):
        if story.ended:
            return
        main = [each for each in story.status.tasks if each.kind in FINISHING]
        try:
            if main and turn % 3 < 2:
                outcome, fields = FINISHING[main[-1].kind]
                story.decide_task(main[-1].kind, outcome, **fields)
                continue
        except Refused:
            pass
        story.forward(timedelta(seconds=6) if turn < 60 else timedelta(days=300))
    raise AssertionError(f"still {story.status.stage}")


def unbounded(story: StoredStory) -> list[str]:
    """List the recorded values that no column of PostgreSQL would take."""
    found = []
    for step in story.told.steps:
        facts = step.facts.model_dump(exclude_none=True)
        found += [f"{name}={value[:20]}" for name, value in facts.items() if len(str(value)) > 64]
        found += [f"actor {each.actor[:20]}" for each in step.events if len(each.actor) > 64]
        found += [f"recipient {each.recipient[:20]}" for each in step.messages if len(each.recipient) > 64]
        found += [f"unit {each.unit[:20]}" for each in step.opened if len(each.unit) > 64]
    return found


class TestAnOrderThatIsAttacked:
    @pytest.mark.parametrize("seed", range(16))
    def test_goes_on_and_ends_well(self, store: Store, seed: int) -> None:
        story = StoredStory(store)
        attacker = Attacker(story.order_no, seed)
        for turn in range(200):
            if story.ended:
                break
            strike = attacker.strike(story.status.tasks, story.now)
            story.send(strike.name, *strike.payloads, **strike.headers)
            if turn % 4 == 0:
                story.settle()
            if turn % 25 == 0:
                story.forward(timedelta(seconds=attacker.draw.randrange(1, 8)))
        story.settle()
        finish(story)
        assert unbounded(story) == []
        known = {row["code"] for row in story.sql("SELECT code FROM unit")}
        assert {step.facts.unit for step in story.told.steps} <= known


class SandboxedStory(StoredStory):
    runner = worker.RUNNER


class TestInTheSandbox:
    def test_a_forged_seal_is_refused_and_does_not_end_the_process(self, store: Store) -> None:
        """If this fails, it ends the whole test run, as it would end the worker."""
        story = SandboxedStory(store)
        payload = {"action_id": "a", "actor": "x", "action": "nonsense"}
        story.act({**payload, "seal": FORGERS.sign(story.order_no, payload)}, by_hand=True)
        story.settle()
        assert story.event_types == ["SignalRefused"]


class TestWhatIsBelieved:
    """Units, texts and instants are believed only from the store; see ADR-0028."""

    def test_is_no_unit_that_nobody_knows(self, store: Store) -> None:
        for code in (LONG, "社" * 100, "ghost"):
            story = StoredStory(store)
            story.decide_task("first_contact", "refer", text="请办理")
            story.decide_task("classify", "general")
            said = self._said(story, "dispatch", "assign", {"lead_unit": code})
            story.decide({**said, "vouched": forged_units(code)}, by_hand=True)
            story.settle()
            assert story.state.stage == "dispatch"
            assert story.status.refusals[-1].code in {"invalid_field", "malformed"}

    def test_is_no_text_that_the_store_does_not_keep(self, store: Store) -> None:
        story = StoredStory(store)
        said = self._said(story, "first_contact", "resolve", {})
        story.decide({**said, "stored": ["text"]}, by_hand=True)
        story.settle()
        assert [each.code for each in story.status.refusals] == ["missing_field"]

    def test_is_no_instant_that_the_store_does_not_keep(self, store: Store) -> None:
        """A late report cannot claim to have been in time."""
        story = StoredStory(store)
        due_at = story.to_work().due_at
        assert due_at is not None
        said = self._said(story, "handle", "report_result", {})
        early = (due_at - timedelta(seconds=5)).isoformat()
        with story.worker_away(until=due_at + timedelta(seconds=5)):
            story.decide({**said, "comment": "已办", "decided_at": early}, by_hand=True)
        story.settle()
        assert "LimitPassed" in story.event_types

    def test_of_two_that_come_one_upon_the_other_is_what_each_of_them_names(self, store: Store) -> None:
        """The second signal comes while the store is asked about the first."""
        story = StoredStory(store)
        story.decide_task("first_contact", "refer", text="请办理")
        story.decide_task("classify", "general")
        for unit in ("ghost", "street-safety"):
            said = self._said(story, "dispatch", "assign", {"lead_unit": unit})
            story.decide({**said, "decision_id": f"by-hand-{unit}"}, by_hand=True)
            story.step()
        story.settle()
        assert [each.code for each in story.status.refusals] == ["invalid_field"]
        assert story.state.unit == "street-safety"

    def test_is_a_row_of_the_store_although_its_seal_is_of_an_older_key(self, store: Store) -> None:
        story = StoredStory(store)
        submitted = story.submit("first_contact", "resolve", text="答复")
        assert submitted.said is not None
        payload = submitted.said.model_dump(mode="json")
        story.decide({**payload, "seal": FORGERS.sign(story.order_no, payload)}, by_hand=True)
        story.settle()
        assert story.status.refusals == ()
        assert story.status.ending == "resolved_on_the_spot"
        assert story.lookups == 1

    def test_is_no_row_of_the_store_of_which_a_word_was_changed(self, store: Store) -> None:
        story = StoredStory(store)
        submitted = story.submit("first_contact", "resolve", text="答复")
        assert submitted.said is not None
        payload = submitted.said.model_dump(mode="json")
        sealed = {**payload, "seal": SEAL.sign(story.order_no, payload)}
        story.decide({**sealed, "actor": "somebody-else"}, by_hand=True)
        story.settle()
        assert [each.code for each in story.status.refusals] == ["missing_field"]

    @pytest.mark.parametrize(
        ("action", "fields"),
        [
            ("hold", {"since": "2000-01-01T00:00:00+00:00", "until": "2199-01-01T00:00:00+00:00"}),
            ("release", {"at": "2000-01-01T00:00:00+00:00"}),
            ("recalculate", {"not_later_than": "2020-01-01T00:00:00+00:00"}),
            ("answer", {}),
        ],
    )
    def test_is_no_action_of_the_office_that_somebody_types(
        self, store: Store, action: str, fields: dict[str, Any]
    ) -> None:
        story = StoredStory(store)
        due_at = story.to_work().due_at
        typed = {"action_id": "a b", "actor": "system", "action": action, "fields": fields}
        for more in ({}, {"decided_at": MONDAY.isoformat()}, {"seal": FORGERS.sign(story.order_no, typed)}):
            story.act({**typed, **more}, by_hand=True)
            story.settle()
        assert [each.code for each in story.status.refusals] == ["not_by_hand"] * 3
        assert story.task("handle").due_at == due_at
        assert not story.status.held

    def test_is_an_action_of_the_office_although_its_seal_is_of_an_older_key(self, store: Store) -> None:
        story = StoredStory(store)
        told = self._told_of_a_hold(story)
        story.act({**told, "seal": FORGERS.sign(story.order_no, told)}, by_hand=True)
        story.settle()
        assert story.status.held
        assert story.status.refusals == ()

    def test_is_an_action_of_the_office_whose_id_somebody_typed_before(self, store: Store) -> None:
        story = StoredStory(store)
        told = self._told_of_a_hold(story)
        story.act({**told, "fields": {**told["fields"], "until": "2199-01-01T00:00:00+00:00"}}, by_hand=True)
        story.settle()
        assert not story.status.held
        story.act(told)
        story.settle()
        assert story.status.held

    @pytest.mark.parametrize("is_decision", [False, True])
    def test_is_an_action_of_the_office_whose_coming_id_somebody_typed(
        self, store: Store, *, is_decision: bool
    ) -> None:
        story = StoredStory(store)
        coming = f"hold-1 {story.order_no}"
        if is_decision:
            said = self._said(story, "first_contact", "resolve", {})
            story.decide({**said, "decision_id": coming, "comment": "答复"}, by_hand=True)
        else:
            story.act({"action_id": coming, "actor": "x", "action": "urge"}, by_hand=True)
        story.settle()
        assert [each.code for each in story.status.refusals] == ["not_by_hand"]
        assert story.sql("SELECT * FROM decision") == []
        story.hold(story.now + timedelta(days=1))
        story.settle()
        assert [each["decision_id"] for each in story.sql("SELECT * FROM decision")] == [coming]
        assert story.status.held

    def test_is_a_join_whose_id_somebody_typed_to_the_leading_order(self, store: Store) -> None:
        """If it counted as heard, every joining step would fail for ever."""
        leading, order = placed(store, "000-0001"), placed(store, "000-0002")
        leading.to_work()
        for seq in range(12):
            coming = f"joined {order.order_no} {order.run_id} {seq} {leading.order_no}"
            leading.act({"action_id": coming, "actor": "x", "action": "urge"}, by_hand=True)
        leading.settle()
        join(order, leading)
        assert order.row["merged_into"] == leading.order_no
        assert leading.event_types[-1] == "DueTimesRecalculated"

    def test_costs_a_decision_under_the_seal_no_look_up(self, store: Store) -> None:
        story = StoredStory(store)
        story.to_work()
        assert story.lookups == 0

    @staticmethod
    def _told_of_a_hold(story: StoredStory) -> dict[str, Any]:
        """Keep a hold of the office that has not reached the order yet, and return its signal."""
        fields = {"since": story.now.isoformat(), "until": (story.now + timedelta(days=1)).isoformat()}
        with story.store.write() as connection:
            tell(connection, [story.order_no], ActionName.HOLD, key="hold 1", fields=fields, now=story.now)
        (row,) = story.sql(
            "SELECT payload FROM outbox WHERE matter_no = :no AND kind <> 'start'", no=story.order_no
        )
        told: dict[str, Any] = json.loads(row["payload"])
        return told

    @staticmethod
    def _said(story: StoredStory, kind: str, outcome: str, fields: dict[str, Any]) -> dict[str, Any]:
        return {
            "task_id": story.task(kind).task_id,
            "decision_id": f"by-hand-{story.order_no}",
            "actor": "nobody",
            "outcome": outcome,
            "fields": fields,
        }


class TestATypedName:
    """It is written down, but entitles to nothing: only the store can say who decided."""

    def test_of_the_leader_joins_no_order_that_has_climbed(self, store: Store) -> None:
        leading, order = placed(store, "000-0001"), placed(store, "000-0002")
        leading.to_work()
        order.to_work("community-03")
        order.decide_task("handle", "hand_up", text="无权处理")
        merge = {"action": "merge", "fields": {"leading_order_no": leading.order_no}}
        order.act({"action_id": "by-hand", "actor": "leader-1", **merge}, by_hand=True)
        order.settle()
        assert order.row["merged_into"] is None
        join(order, leading, by="leader-1")
        assert order.row["merged_into"] == leading.order_no

    @pytest.mark.parametrize("kept", ["supervise", "another", "unreasoned"])
    def test_of_the_leader_says_no_more_under_the_id_of_what_the_leader_has_said(
        self, store: Store, kept: str
    ) -> None:
        leading, other = placed(store, "000-0001"), placed(store, "000-0002")
        order = placed(store, "000-0003", confidential=True)
        for each in (leading, other, order):
            each.to_work()
        fields = {
            "supervise": {},
            "another": {"leading_order_no": other.order_no, "reason": "两位都同意一并答复"},
            "unreasoned": {"leading_order_no": leading.order_no},
        }[kept]
        waits = order.keep_action("supervise" if kept == "supervise" else "merge", by="leader-1", **fields)
        merge = {"action": "merge", "fields": {"leading_order_no": leading.order_no}, "comment": "同一件事"}
        order.act({"action_id": waits.row.decision_id, "actor": "leader-1", **merge}, by_hand=True)
        order.settle()
        assert order.row["merged_into"] is None

    def test_of_the_resident_takes_no_rating_from_them(self, store: Store) -> None:
        order = placed(store, "000-0001")
        task = order.task("first_contact")
        said = {"task_id": task.task_id, "decision_id": "by-hand", "actor": "resident", "outcome": "resolve"}
        order.decide({**said, "comment": "答复"}, by_hand=True)
        order.settle()
        order.order_action("rate", solved="no", satisfied="no")
        assert (order.row["round"], order.status.refusals) == (2, ())

    def test_of_staff_makes_no_other_decision_theirs_under_the_id_of_one(self, store: Store) -> None:
        order = placed(store, "000-0001")
        order.decide_task("first_contact", "refer", text="请办理")
        order.decide_task("classify", "general")
        helping = ["street-peace", "street-livelihood"]
        order.decide_task("dispatch", "assign", lead_unit="street-safety", helping_units=helping)
        order.decide_task("acknowledge", "accept")
        first, second = [each for each in order.status.tasks if each.kind == "assist"]
        waits = order.submit("assist", "contribute", text="已到场")
        assert waits.row.task_id == first.task_id
        said = {"decision_id": waits.row.decision_id, "actor": waits.row.actor, "outcome": "contribute"}
        order.decide({"task_id": second.task_id, **said, "comment": "同意"}, by_hand=True)
        order.settle()
        (row,) = order.sql("SELECT * FROM decision WHERE decision_id = :id", id=waits.row.decision_id)
        assert (row["status"], row["code"]) == ("rejected", "overtaken_by_signal")
        (via,) = order.sql(
            "SELECT via FROM event WHERE task_id = :id AND type = 'TaskCompleted'", id=second.task_id
        )
        assert via["via"] == "operator"
