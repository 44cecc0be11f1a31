"""An attacker who can reach Temporal: signals of every wrong kind, drawn from a seed."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import Payload

from domain.matter.tasks import Field
from domain.order.actions import ACTIONS
from domain.order.lifecycle import TASKS, TaskKind
from messages.matter.tasks import TaskStatus
from messages.names import COMPLETE_TASK, ORDER_ACTION
from runtime.sealing import SignalSeal
from tests.support.office import SEAL

FORGERS = SignalSeal("the secret of somebody else, long enough too")
LONG = "x" * 3_000


def forged_units(code: str) -> dict[str, Any]:
    return {"units": [{"code": code, "tier": "community"}], "categories": [code]}


HOSTILE: tuple[Callable[[random.Random], Any], ...] = (
    lambda _: LONG,
    lambda _: "",
    lambda _: "\ud800",
    lambda _: "a\x00b",
    lambda _: "社" * 100,
    lambda _: 10**400,
    lambda _: -(2**70),
    lambda _: float("nan"),
    lambda _: 1e308,
    lambda _: None,
    lambda _: True,
    lambda _: {"a": {"b": {"c": {"d": {"e": 1}}}}},
    lambda _: [[[[[]]]]],
    lambda _: ["street-safety"] * 500,
    lambda _: {f"k{number}": number for number in range(500)},
    lambda _: "0001-01-01T00:00:00+14:00",
    lambda _: "9999-12-31T23:59:59-12:00",
    lambda _: "street-safety",
    lambda _: "../../etc/passwd",
    lambda _: forged_units(LONG),
    lambda _: forged_units("社" * 100),
    lambda draw: draw.random(),
)
FIELDS = (
    "fields",
    "comment",
    "stored",
    "decided_at",
    "vouched",
    "actor",
    "task_id",
    "decision_id",
    "outcome",
)


@dataclass(frozen=True)
class Strike:
    """One signal."""

    name: str
    payloads: list[Payload]
    headers: dict[str, Payload]


class Attacker:
    """Knows the order's tasks and the lifecycle table, and sends hostile signals."""

    def __init__(self, order_no: str, seed: int) -> None:
        self.order_no = order_no
        self.draw = random.Random(seed)

    def strike(self, tasks: Sequence[TaskStatus], now: datetime) -> Strike:
        """Draw one signal to an order with these open tasks."""
        draw = self.draw
        is_task = draw.random() < 0.6
        said = self._decision(tasks, now) if is_task else self._action(now)
        for _ in range(draw.choice((0, 1, 1, 2, 3))):
            said[draw.choice(FIELDS)] = draw.choice(HOSTILE)(draw)
        if draw.random() < 0.2:
            said["fields"] = {draw.choice((LONG, "unit", "\ud800", "text")): draw.choice(HOSTILE)(draw)}
        match draw.randrange(5):
            case 0:
                said["seal"] = draw.choice((LONG, "", "AAAA", 7, None))
            case 1:
                said["seal"] = FORGERS.sign(self.order_no, said)
            case 2:
                said["seal"] = SEAL.sign("20261123-OTHERS", said)
            case _:
                pass
        name = COMPLETE_TASK if is_task else ORDER_ACTION
        data = json.dumps(said, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")
        if draw.random() < 0.05:
            data = data[: draw.randrange(len(data))]
        payload = Payload(metadata={"encoding": b"json/plain"}, data=data)
        if draw.random() < 0.05:
            name = draw.choice(("complete_tsak", LONG, "\n\t\x00", ""))
        payloads = [payload] * draw.choice((1, 1, 1, 1, 1, 1, 1, 1, 0, 2))
        headers = {"_tracer-data": payload} if draw.random() < 0.1 else {}
        return Strike(name, payloads, headers)

    def _decision(self, tasks: Sequence[TaskStatus], now: datetime) -> dict[str, Any]:
        draw = self.draw
        task = draw.choice(tasks) if tasks else None
        kind = TaskKind(task.kind) if task else draw.choice(list(TaskKind))
        outcome = draw.choice(TASKS[kind].outcomes)
        return {
            "task_id": task.task_id if task else "none",
            "decision_id": f"hostile-{draw.randrange(10**6)}",
            "actor": "nobody",
            "outcome": outcome.name,
            "fields": {each.name: self._value(each, now) for each in outcome.fields},
            "stored": draw.choice(((), ("text",), ("parts", "text"))),
            "decided_at": draw.choice((None, "2026-11-23T02:00:00Z", "2020-01-01T00:00:00Z")),
            "vouched": draw.choice(
                (None, forged_units(LONG), forged_units("社" * 100), forged_units("ghost"))
            ),
        }

    def _action(self, now: datetime) -> dict[str, Any]:
        draw = self.draw
        # A withdrawal ends an order at once.
        action = draw.choice([each for each in ACTIONS.values() if each.name != "withdraw"])
        return {
            "action_id": f"hostile-{draw.randrange(10**6)}",
            "actor": draw.choice(("nobody", "system")),
            "action": action.name,
            "fields": {each.name: self._value(each, now) for each in action.fields},
            "stored": draw.choice(((), ("text",))),
            "vouched": draw.choice((None, forged_units(LONG), forged_units("ghost"))),
        }

    def _value(self, each: Field, now: datetime) -> Any:
        draw = self.draw
        soon = (now + timedelta(seconds=draw.randrange(1, 9))).isoformat()
        likely = (*each.codes, LONG, "ghost", "社" * 100, "street-safety", soon, ["ghost"], "noise")
        return draw.choice((*likely, draw.choice(HOSTILE)(draw)))
