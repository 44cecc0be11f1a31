"""The database counts like `domain/figures/counting.py` does row by row, for every scope and window."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from domain.figures.counting import DayWindow, Owing, Rate, is_due, is_overdue, judge, window
from domain.office.words import Tier
from domain.order.words import KIND, Ending, Satisfied, Stage
from store.database import Store
from store.figures.counting import picture
from store.matter.reach import Scope
from store.matter.tables import event, matter, task
from store.order.tables import orders

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
UNITS = {"community-03": Tier.COMMUNITY, "street-safety": Tier.STREET, "district-housing": Tier.DISTRICT}
SCOPES = {
    "all": Scope(everything=True),
    "of a unit": Scope(unit="street-safety"),
    "of a tier": Scope(tier="district"),
    "of a community": Scope(unit="community-03", community="community-03"),
    "nothing": Scope(),
}


def some_time(chance: random.Random, days: int = 120) -> datetime:
    """Draw an instant, now and then on the edge of a day or of a window."""
    if chance.random() < 0.2:
        return window(90, now=NOW)[chance.choice([0, 60, 83, 89])].begins
    return NOW - timedelta(seconds=chance.randrange(days * 86_400))


def generated(chance: random.Random, number: int) -> dict[str, Any]:
    """Draw an order with its row, its events, and tasks that show which units had it."""
    stage = chance.choice(list(Stage))
    over = stage in {Stage.REPLYING, Stage.FOLLOW_UP} or stage.is_over
    unit = chance.choice(list(UNITS))
    promised_at = chance.choice([None, some_time(chance), NOW, NOW + timedelta(days=1)])
    told: list[tuple[str, datetime, dict[str, str]]] = []
    if over or chance.random() < 0.3:
        replied = chance.choice(
            [some_time(chance), promised_at if promised_at and promised_at < NOW else NOW]
        )
        told += [("OrderReplied", replied, {}), ("OrderReplied", replied - timedelta(days=3), {})]
    if stage.is_over:
        closed = some_time(chance)
        told += [("OrderClosed", chance.choice([closed, some_time(chance)]), {}) for _ in range(2)]
    said = some_time(chance)
    for _ in range(chance.choice([0, 1, 2])):
        answer = chance.choice([{}, *({"satisfied": str(each), "solved": "yes"} for each in Satisfied)])
        told.append((chance.choice(["FollowUpEnded", "OrderRated"]), said, answer))
        said = chance.choice([said, some_time(chance)])
    return {
        "order_no": f"20261124-{number:06}",
        "unit": unit,
        "tier": UNITS[unit],
        "was_at": chance.choice(list(UNITS)),
        "community": chance.choice(["community-03", "community-04", None]),
        "stage": stage,
        "ending": chance.choice(list(Ending)) if over else None,
        "received_at": some_time(chance),
        "promised_at": promised_at,
        "due_at": chance.choice([None, some_time(chance), NOW, NOW + timedelta(hours=chance.randrange(48))]),
        "overdue": chance.random() < 0.2,
        "held": chance.random() < 0.1,
        "told": told,
        "abandoned": [("OrderClosed", some_time(chance), {}), ("OrderReplied", NOW, {})],
    }


def write(connection: Connection, order: dict[str, Any]) -> None:
    facts = {
        table: {key: order[key] for key in order.keys() & set(table.c.keys())} for table in (matter, orders)
    }
    order_no = order["order_no"]
    event_rows: list[dict[str, Any]] = []
    for abandoned in (False, True):
        for type_, at, data in order["abandoned" if abandoned else "told"]:
            event_rows.append(
                {
                    "matter_no": order_no,
                    "run_id": "left" if abandoned else "run",
                    "seq": len(event_rows) + 2,
                    "at": at,
                    "type": type_,
                    "actor": "system",
                    "via": "system",
                    "data": data,
                    "abandoned": abandoned,
                }
            )
    connection.execute(
        insert(matter).values(
            **facts[matter],
            matter_no=order_no,
            kind=KIND,
            begun_at=order["received_at"],
            escalations=0,
            recorded_seq=1,
        )
    )
    connection.execute(
        insert(orders).values(
            **facts[orders],
            tracking_code=order_no,
            client_id="demo-hotline",
            fingerprint="0" * 64,
            channel="hotline",
            request_kind="complaint",
            description="虚构",
            confidential=False,
            policy="standard",
            round=1,
            reclassified=False,
            reopened=False,
        )
    )
    connection.execute(insert(event), event_rows)
    connection.execute(
        insert(task),
        [
            {
                "task_id": f"{order_no}-{unit}",
                "matter_no": order_no,
                "kind": "handle",
                "state": "done",
                "unit": unit,
                "tier": UNITS[unit],
                "role": "unit_handler",
                "opened_at": NOW,
            }
            for unit in {order["unit"], order["was_at"]}
        ],
    )


def sees(scope: Scope, order: dict[str, Any]) -> bool:
    units = {order["unit"], order["was_at"]}
    return (
        scope.everything
        or scope.unit in units
        or scope.tier in {UNITS[unit] for unit in units}
        or (scope.community is not None and scope.community == order["community"])
    )


def recount(some: list[dict[str, Any]], days: int) -> dict[str, Any]:
    """Count by the rules alone, one order after the other."""
    given = window(days, now=NOW)
    since, until = given[0].begins, given[-1].ends
    found: dict[str, Counter[Any]] = {
        name: Counter() for name in ("open", "due", "overdue", "whole", "part", "came", "went", "said")
    }
    for order in some:
        stage, keys = order["stage"], ("", order["unit"], order["tier"])
        replies = [at for type_, at, _ in order["told"] if type_ == "OrderReplied"]
        owing = Owing(
            stage=stage,
            ending=order["ending"],
            held=order["held"],
            promised_at=order["promised_at"],
            answered_at=max(replies, default=None),
        )
        judged = judge(owing, now=NOW)
        for key in keys:
            found["open"][key] += not stage.is_over
            found["due"][key] += is_due(stage, order["due_at"], until=until, now=NOW)
            found["overdue"][key] += is_overdue(
                stage, overdue=order["overdue"], due_at=order["due_at"], now=NOW
            )
            if judged and judged.at >= since:
                found["whole"][key] += 1
                found["part"][key] += judged.on_time
        answers = [
            (at, number, data.get("satisfied"))
            for number, (type_, at, data) in enumerate(order["told"])
            if type_ in {"FollowUpEnded", "OrderRated"} and at >= since
        ]
        if answers and order["ending"] is not Ending.WITHDRAWN:
            found["said"][max(answers, key=lambda each: each[:2])[2]] += 1
        for day in given:
            found["came"][day.on] += day.begins <= order["received_at"] < day.ends
            found["went"][day.on] += any(
                type_ == "OrderClosed" and day.begins <= at < day.ends for type_, at, _ in order["told"]
            )
    return found


class TestThePicture:
    @pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES.keys())
    def test_is_what_a_plain_recount_gives(self, store: Store, scope: Scope) -> None:
        chance = random.Random(20261124)
        some = [generated(chance, number) for number in range(300)]
        with store.write() as connection:
            for order in some:
                write(connection, order)
        mine = [order for order in some if sees(scope, order)]
        assert scope == Scope() or len(mine) > 30
        for days in DayWindow:
            with store.read() as connection:
                drawn = picture(connection, window(days, now=NOW), scope, now=NOW)
            wanted = recount(mine, days)
            for line in (drawn.all, *drawn.by_unit, *drawn.by_tier):
                found = (line.open, line.due_today, line.overdue, line.on_time)
                rate = Rate(wanted["part"][line.key], wanted["whole"][line.key])
                assert found == (*(wanted[name][line.key] for name in ("open", "due", "overdue")), rate), (
                    days,
                    line,
                )
            assert {line.key for line in drawn.by_unit if line.open} == {
                unit for unit in UNITS if wanted["open"][unit]
            }
            assert {line.on: line.received for line in drawn.days} == wanted["came"] or not mine
            assert {line.on: line.closed for line in drawn.days} == wanted["went"] or not mine
            assert drawn.satisfied == {each: wanted["said"][each] for each in Satisfied}
            assert drawn.unrated == wanted["said"][None]
            assert sum(line.open for line in drawn.by_stage) == drawn.all.open

    def test_of_nothing_is_all_zeros(self, store: Store) -> None:
        with store.read() as connection:
            drawn = picture(connection, window(7, now=NOW), Scope(), now=NOW)
        assert (drawn.all.open, drawn.all.on_time, drawn.satisfaction) == (0, Rate(), Rate())
        assert [line.received for line in drawn.days] == [0] * 7

    def test_looks_for_what_is_open_and_what_was_told_by_their_indexes(self, store: Store) -> None:
        """If a predicate differed by a letter from the index's, the query would read every row ever written."""
        if store.engine.dialect.name != "sqlite":
            pytest.skip("SQLite says its plan whatever the table holds")
        seen: list[str] = []
        with store.read() as connection:
            connection.connection.set_trace_callback(seen.append)
            picture(connection, window(7, now=NOW), Scope(everything=True), now=NOW)
            connection.connection.set_trace_callback(None)
            asked = [each for each in seen if each.startswith(("SELECT", "WITH"))]
            plans = [
                " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {each}"))
                for each in asked
            ]
        of_open, answered, answers, received, closed = plans
        assert "USING COVERING INDEX ix_matter_open" in of_open
        assert all("ix_event_told" in plan for plan in (answered, answers, closed)), plans
        assert "USING COVERING INDEX ix_event_told (type=? AND at>? AND at<?)" in closed
        assert "USING COVERING INDEX" in received
