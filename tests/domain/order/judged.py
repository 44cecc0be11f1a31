"""Judging decisions and actions under the usual book."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.matter.judging import Codes, Refusal, Submission
from domain.office.first_directory import FIRST
from domain.order.judgement import OrderSituation, TaskFacts, judge_action, judge_outcome
from domain.order.lifecycle import TaskKind
from domain.order.policy import STANDARD_2
from domain.order.words import Stage

NOW = datetime(2026, 5, 15, 12, 0, tzinfo=UTC)

LATER = "2026-05-16T12:00:00+08:00"


def wanted(name: str, fields: Mapping[str, Any] | None = None, **more: Any) -> Submission:
    return Submission(
        name=name, actor="somebody", at=NOW, fields=fields or {}, **{"codes": Codes.of(FIRST), **more}
    )


def judged(kind: TaskKind, wanted: Submission, **facts: Any) -> Refusal | None:
    usual: dict[str, Any] = {
        "order_no": "",
        "unit": "",
        "order_class": None,
        "opened_at": NOW,
        "due_at": None,
        "withheld": (),
        "not_by": (),
        "evidence": 0,
        "taken": 0,
    }
    return judge_outcome(TaskFacts(kind=kind, **usual | facts), wanted, STANDARD_2)


def situation(stage: Stage, **known: Any) -> OrderSituation:
    usual: dict[str, Any] = {
        "order_no": "",
        "unit": "",
        "ending": None,
        "left": False,
        "reopened": False,
        "supervised": False,
        "taken": {},
        "book": STANDARD_2,
        "handled_by": None,
    }
    return OrderSituation(stage=stage, **{**usual, **known})


def acted(wanted: Submission, stage: Stage, **known: Any) -> Refusal | None:
    return judge_action(situation(stage, **known), wanted)


def code_of(refusal: Refusal | None) -> str | None:
    return refusal.code if refusal else None
