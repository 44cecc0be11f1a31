"""Wire names and wire types, on which running orders depend."""

import pytest
from pydantic import ValidationError

from messages import names
from messages.matter import signals
from messages.matter.signals import CompleteTask
from messages.order import step as records
from messages.order.workflow import StartOrder


class TestWireNames:
    def test_never_change(self) -> None:
        assert {
            name: getattr(names, name)
            for name in (
                "NAMESPACE",
                "TASK_QUEUE",
                "ORDER",
                "RECONCILE",
                "RECONCILE_ID",
                "COMPLETE_TASK",
                "ORDER_ACTION",
                "STATUS",
                "RECORD",
                "DELIVER",
                "DRAIN_OUTBOX",
            )
        } == {
            "NAMESPACE": "dingdan",
            "TASK_QUEUE": "orders",
            "ORDER": "Order",
            "RECONCILE": "Reconcile",
            "RECONCILE_ID": "reconcile",
            "COMPLETE_TASK": "complete_task",
            "ORDER_ACTION": "order_action",
            "STATUS": "status",
            "RECORD": "record",
            "DELIVER": "deliver",
            "DRAIN_OUTBOX": "drain_outbox",
        }

    def test_of_an_orders_workflow_is_built_from_its_number(self) -> None:
        assert names.order_workflow_id("20261123-7K3M9Q") == "order-20261123-7K3M9Q"

    def test_of_search_attributes_spend_seven_keywords_of_ten(self) -> None:
        kinds = list(names.SEARCH_ATTRIBUTES.values())
        assert {kind: kinds.count(kind) for kind in kinds} == {
            "Keyword": 7,
            "Datetime": 1,
            "Int": 1,
            "Bool": 1,
        }


class TestWireTypes:
    def test_ignore_what_they_do_not_know(self) -> None:
        said = CompleteTask.model_validate(
            {"task_id": "t", "decision_id": "d", "actor": "a", "outcome": "o", "colour": "red"}
        )
        assert CompleteTask.model_validate_json(said.model_dump_json()) == said

    def test_are_frozen(self) -> None:
        said = CompleteTask(task_id="t", decision_id="d", actor="a", outcome="o")
        with pytest.raises(ValidationError):
            said.actor = "b"  # type: ignore[misc]

    def test_tell_decisions_from_actions_when_they_are_handed_back(self) -> None:
        answer = records.OrderAnswer(
            pending=(
                CompleteTask(task_id="t", decision_id="d", actor="a", outcome="o"),
                signals.MatterAction(action_id="x", actor="a", action="urge"),
            )
        )
        assert records.OrderAnswer.model_validate_json(answer.model_dump_json()) == answer

    def test_of_a_start_hold_nothing_personal(self) -> None:
        fields = set(StartOrder.model_fields)
        assert fields == {
            "order_no",
            "policy",
            "channel",
            "category",
            "community",
            "received_at",
            "can_be_called",
            "first_task",
            "page",
            "holds",
            "rests",
            "routing",
            "seal_key",
        }
