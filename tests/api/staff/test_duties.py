"""Duties as staff see them over HTTP."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest
from sqlalchemy import text

from api.app import _MATTER_NO
from domain.duty.lifecycle import DutyTask
from domain.duty.periods import Period
from domain.duty.words import DutyStage
from domain.kinds import kind_of
from store.duty.opening import communities_of, open_duties
from tests.api.conftest import Api
from tests.support.office import now
from tests.support.pages import statements
from tests.support.stories.meetings import CALM, HANDLER, LEADER, TEAM, Meetings
from tests.support.teams import a_team

MOST = 8
"""The most statements of a list or of one duty, including the door's."""


@pytest.fixture
def meetings(api: Api) -> Meetings:
    """Return the meetings of an office with a team for one community, without a worker."""
    found = Meetings(api.office)
    found.set_up(TEAM)
    return found


async def get(api: Api, path: str, who: str = LEADER, **params: Any) -> Any:
    """Read an address of the API."""
    return await api.http.get(f"/api/v1{path}", params=params, headers=api.staff(who))


async def listed(api: Api, who: str = LEADER, **params: Any) -> list[str]:
    """List the numbers of the duties that a person finds."""
    response = await get(api, "/duties", who, **params)
    assert response.status_code == 200, response.text
    return [each["duty_no"] for each in response.json()["items"]]


def a_period(name: str, number: int) -> Period:
    """Make a separate period, so many days ahead."""
    began = now() + timedelta(days=number)
    return Period(name=name, began=began, ends=began + timedelta(days=1))


def change(api: Api, duty_no: str, table: str = "duty", **values: Any) -> None:
    """Change the row of a duty, as a step would."""
    key = {"duty": "duty_no", "matter": "matter_no"}[table]
    is_naive = api.office.store.engine.dialect.name == "sqlite"
    plain = {
        name: each.astimezone(UTC).replace(tzinfo=None) if is_naive and isinstance(each, datetime) else each
        for name, each in values.items()
    }
    settings = ", ".join(f"{name} = :{name}" for name in values)
    with api.office.store.write() as connection:
        connection.execute(text(f"UPDATE {table} SET {settings} WHERE {key} = :no"), {**plain, "no": duty_no})  # noqa: S608 - ours


class TestTheList:
    async def test_is_limited_by_period_community_stage_and_unit(self, api: Api, meetings: Meetings) -> None:
        ours = meetings.take(lasts=timedelta(hours=1)).duty_no
        other = meetings.take(lasts=timedelta(hours=2), community="community-05").duty_no
        earlier = meetings.take(lasts=timedelta(minutes=5), name="2026-11").duty_no
        change(api, earlier, period_began=now() - timedelta(days=30))
        change(api, other, "matter", stage=DutyStage.PLANNED)
        everything = await listed(api)
        assert set(everything) == {ours, other, earlier}
        assert everything[-1] == earlier, "the latest period first"
        assert set(await listed(api, period="2026-12")) == {ours, other}
        assert await listed(api, community="community-05") == [other]
        assert await listed(api, stage="planned") == [other]
        assert await listed(api, unit="street-safety", period="2026-12") == [ours]
        assert await listed(api, period="1999-01") == []
        assert (await get(api, "/duties", stage="cooking")).status_code == 422

    async def test_goes_on_page_after_page_and_refuses_a_cursor_of_its_own_making(self, api: Api) -> None:
        for number in range(5):
            period = f"2026-{number + 1:02}"
            with api.office.store.write() as connection:
                start = a_period(period, number)
                open_duties(connection, communities_of(connection), start, CALM, page="/", now=now())
        found: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (await get(api, "/duties", **({"cursor": cursor} if cursor else {}))).json()
            found += [each["duty_no"] for each in page["items"]]
            cursor = page["next_cursor"]
        assert len(found) == len(set(found)) == 60
        bad = await get(api, "/duties", cursor="made-up")
        assert (bad.status_code, bad.json()["code"]) == (422, "bad_cursor")

    async def test_shows_to_everybody_what_is_in_their_reach(self, api: Api, meetings: Meetings) -> None:
        ours = meetings.take(lasts=timedelta(hours=1)).duty_no
        other = meetings.take(lasts=timedelta(hours=1), community="community-05").duty_no
        for who, found in (
            ("leader-2", {ours, other}),
            ("desk-1", {ours, other}),
            ("auditor-1", {ours, other}),
            (HANDLER, {ours}),
            ("street-livelihood-handler", set()),
            ("community-03-worker", {ours}),
            ("community-05-worker", {other}),
            ("district-desk-1", set()),
        ):
            assert set(await listed(api, who)) == found, who
            for number in (ours, other):
                expected = 200 if number in found else 404
                for path in (f"/duties/{number}", f"/duties/{number}/events"):
                    assert (await get(api, path, who)).status_code == expected, (who, path)
        for who in ("duty-1", "call-back-1", "liaison-1", "administrator-1"):
            assert (await get(api, "/duties", who)).status_code == 403, who

    async def test_flags_meetings_of_one_leader_that_are_too_close(
        self, api: Api, meetings: Meetings
    ) -> None:
        meetings.set_up(
            a_team(leader="leader-1", communities=("community-03", "community-05")),
            a_team(code="T2", leader="leader-2", communities=("community-06",)),
        )
        one, other, of_another = (
            meetings.take(lasts=timedelta(hours=9), community=each).duty_no
            for each in ("community-03", "community-05", "community-06")
        )
        at = now() + timedelta(hours=1)

        async def clashing() -> set[str]:
            items = (await get(api, "/duties")).json()["items"]
            return {each["duty_no"] for each in items if each["clashes"]}

        for number in (one, of_another):
            change(api, number, planned_at=at)
        change(api, other, planned_at=at + timedelta(hours=2))
        assert await clashing() == set(), "two hours are enough"
        change(api, other, planned_at=at + timedelta(hours=2) - timedelta(seconds=1))
        assert await clashing() == {one, other}
        assert [each["clashes"] for each in (await get(api, "/duties", period="2026-12")).json()["items"]]
        alone = (await get(api, "/duties", community="community-03")).json()["items"]
        assert [each["clashes"] for each in alone] == [True], "the other one is on no page of this list"
        change(api, other, ending="excused")
        assert await clashing() == set(), "nobody goes there"
        change(
            api,
            other,
            ending="kept",
            planned_at=at + timedelta(hours=5),
            started_at=at,
            ended_at=at + timedelta(hours=1),
        )
        change(api, one, started_at=at + timedelta(minutes=59), ended_at=at + timedelta(hours=2))
        assert await clashing() == {one, other}, "held at the same time"
        change(api, one, started_at=at + timedelta(hours=1))
        assert await clashing() == set(), "one after the other"
        assert (await get(api, f"/duties/{one}")).json()["clashes"] is False

    async def test_takes_few_statements_as_one_duty_does(self, api: Api, meetings: Meetings) -> None:
        for community in ("community-03", "community-05", "community-06"):
            number = meetings.take(lasts=timedelta(hours=1), community=community).duty_no
            change(api, number, planned_at=now())
        who = api.staff(LEADER)
        for path in ("/api/v1/duties", f"/api/v1/duties/{number}", "/api/v1/tasks?scope=tier"):
            with statements(api.office.store) as seen:
                assert (await api.http.get(path, headers=who)).status_code == 200
            assert len(seen) <= MOST, (path, seen)


class TestThePeriods:
    async def test_are_listed_once_each_the_newest_first(self, api: Api) -> None:
        for number, name in enumerate(("2026-10", "2026-11")):
            with api.office.store.write() as connection:
                period = a_period(name, number)
                open_duties(connection, communities_of(connection), period, CALM, page="/", now=now())
        items = (await get(api, "/duties/periods")).json()["items"]
        assert [each["period"] for each in items] == ["2026-11", "2026-10"]


class TestANumber:
    @pytest.mark.parametrize("number", ["D20261201-ABCDEF", "20261201-ABCDEF", "nothing", "D%F0%9F%98%80"])
    async def test_that_nobody_has_is_not_found(self, api: Api, number: str) -> None:
        for path in (f"/duties/{number}", f"/duties/{number}/events"):
            response = await get(api, path)
            assert (response.status_code, response.json()["code"]) == (404, "not_found")

    async def test_of_the_other_kind_is_not_found_either(self, api: Api, meetings: Meetings) -> None:
        duty_no = meetings.take(lasts=timedelta(hours=1)).duty_no
        order_no = (await api.placed())["order_no"]
        for path in (
            f"/duties/{order_no}",
            f"/duties/{order_no}/events",
            f"/orders/{duty_no}",
            f"/orders/{duty_no}/events",
        ):
            assert (await get(api, path)).status_code == 404, path

    def test_stands_in_the_lines_of_its_requests(self) -> None:
        for named, number, kind in (
            ("D20261201-ABCDEF-1-ABCD", "D20261201-ABCDEF", "duty"),
            ("20261201-ABCDEF-1-ABCD", "20261201-ABCDEF", "order"),
        ):
            found = _MATTER_NO.match(named)
            assert found
            assert (found[0], kind_of(found[0]).name) == (number, kind)
        for none in ("X20261201-ABCDEF", "D20261201-ABCDEFG", "D2026", "DD20261201-ABCDEF"):
            assert _MATTER_NO.match(none) is None, none


class TestADutysTask:
    async def test_names_its_matter_and_no_order(self, api: Api, meetings: Meetings) -> None:
        duty_no = meetings.take(lasts=timedelta(hours=1)).duty_no
        order_no = (await api.placed())["order_no"]
        (row,) = (await get(api, "/tasks", HANDLER)).json()["items"]
        assert (row["order_no"], row["label"]) == (None, "计划院坝会")
        assert row["matter"] == {
            "kind": "duty",
            "no": duty_no,
            "title": "院坝寻单 2026-12 · 银杏坡社区",
            "href": f"/api/v1/duties/{duty_no}",
        }
        (same,) = (await get(api, "/tasks", "leader-1", scope="tier", matter=duty_no)).json()["items"]
        assert same["task_id"] == row["task_id"]
        assert (await get(api, row["matter"]["href"].removeprefix("/api/v1"), HANDLER)).status_code == 200
        for params in ({"matter": order_no}, {"order_no": order_no}):
            (first,) = (await get(api, "/tasks", "duty-1", **params)).json()["items"]
            assert (first["order_no"], first["matter"]["no"]) == (order_no, order_no)
            assert first["matter"]["href"] == f"/api/v1/orders/{order_no}"
        assert (await get(api, "/tasks", HANDLER, kind="plan_meeting")).json()["items"] == [row]
        assert (await get(api, "/tasks", HANDLER, kind="close_meeting")).json()["items"] == []

    async def test_is_decided_by_its_schema_and_its_decision_is_read(
        self, api: Api, meetings: Meetings
    ) -> None:
        duty_no = meetings.take(lasts=timedelta(hours=1)).duty_no
        (row,) = api.office.tasks(duty_no)
        detail = (await get(api, f"/tasks/{row['task_id']}", HANDLER)).json()
        assert [each["name"] for each in detail["outcomes"]] == ["announce", "request_excuse"]
        kept = await api.http.post(
            f"/api/v1/tasks/{row['task_id']}/decision",
            json={
                "outcome": "announce",
                "fields": {"at": (now() + timedelta(minutes=5)).isoformat(), "place": "小广场"},
            },
            headers={**api.staff(HANDLER), "Idempotency-Key": "announce-1"},
        )
        assert kept.status_code == 202, kept.text
        body = kept.json()
        assert (body["order_no"], body["matter_no"], body["status"]) == (None, duty_no, "pending")
        read = f"/decisions/{body['decision_id']}"
        assert (await get(api, read, HANDLER)).json() == body
        assert (await get(api, read, "street-livelihood-handler")).status_code == 404
        assert (await get(api, read, "duty-1")).status_code == 404

    async def test_asks_for_issues_and_numbers_in_its_schema(self, api: Api, meetings: Meetings) -> None:
        duty_no = meetings.take(lasts=timedelta(hours=1)).duty_no
        with api.office.store.write() as connection:
            connection.execute(
                text("UPDATE task SET kind = 'close_meeting' WHERE matter_no = :no"), {"no": duty_no}
            )
        (row,) = api.office.tasks(duty_no)
        detail = (await get(api, f"/tasks/{row['task_id']}", HANDLER)).json()
        (schema,) = (each["schema"] for each in detail["outcomes"] if each["name"] == "close")
        jsonschema.Draft202012Validator.check_schema(schema)
        report = {
            "started_at": now().isoformat(),
            "ended_at": now().isoformat(),
            "led_by": "leader",
            "from_department": 2,
            "attendees": 17,
            "summary": "好",
            "evidence": "orders",
            "issues": [
                {"text": "路灯不亮", "category": "noise", "answer": "修了", "name": "王", "phone": "1"}
            ],
        }
        jsonschema.validate(report, schema)
        wrong: tuple[dict[str, Any], ...] = (
            {"attendees": 0},
            {"attendees": "17"},
            {"issues": []},
            {"issues": [{"answer": "修了"}]},
            {"issues": [{"text": "路灯", "colour": "red"}]},
            {"issues": [{"text": "路灯", "phone": "1" * 41}]},
        )
        for changes in wrong:
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate({**report, **changes}, schema)

    async def test_refuses_issues_that_are_none_and_keeps_nothing(self, live: Api) -> None:
        meetings = Meetings(live.office)
        meetings.set_up(TEAM)
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        task = await live.office.task(duty_no, DutyTask.CLOSE_MEETING)
        before = live.office.rows("SELECT decision_id FROM decision")
        for issues, reason in (
            ("路灯", "must be a list"),
            ([{"answer": "x"}], "each of issues has a text"),
            ([{"text": "路灯", "category": "no_such"}], "issues.category must be one of"),
        ):
            fields = {**meetings.report(issues=issues)}
            fields.pop("no_issue_reason")
            refused = await live.http.post(
                f"/api/v1/tasks/{task['task_id']}/decision",
                json={"outcome": "close", "fields": fields},
                headers={**live.staff(HANDLER), "Idempotency-Key": uuid.uuid4().hex},
            )
            assert refused.status_code == 422, refused.text
            assert refused.json()["errors"][0]["field"] == "issues"
            assert reason in refused.text
        assert live.office.rows("SELECT decision_id FROM decision") == before


class TestAMeetingThatWasReported:
    async def test_shows_what_it_brought_and_masks_who_did(self, live: Api) -> None:
        meetings = Meetings(live.office)
        meetings.set_up(TEAM)
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        issues = [
            {"text": "路灯不亮", "answer": "当场修好", "name": "王先生", "phone": "13800000001"},
            {"text": "井盖松动"},
        ]
        await meetings.closed(duty_no, issues=issues, no_issue_reason=None)
        await meetings.result(duty_no)
        body = (await get(live, f"/duties/{duty_no}", "community-03-worker")).json()
        assert (body["ending"], body["place"], body["summary"]) == (
            "kept",
            "梧桐里小广场",
            "居民提出三件事，两件当场解决。",
        )
        assert (body["attendees"], body["leader_name"], body["deputy_name"]) == (
            17,
            "严正（虚构）",
            "顾远（虚构）",
        )
        assert [
            (each["subject"], each["on_the_spot"], each["is_called_back"]) for each in body["issues"]
        ] == [
            ("路灯不亮", True, False),
            ("井盖松动", False, False),
        ]
        numbers = [each["order_no"] for each in body["issues"]]
        live.office.placed += numbers
        assert body["tasks"] == []
        with live.office.store.write() as connection:
            elsewhere = {"no": numbers[1]}
            connection.execute(
                text("UPDATE task SET unit = 'street-general' WHERE matter_no = :no"), elsewhere
            )
        handlers = (await get(live, f"/duties/{duty_no}", HANDLER)).json()["issues"]
        assert [(each["order_no"], each["subject"], each["href"]) for each in handlers] == [
            (numbers[0], "路灯不亮", f"/api/v1/orders/{numbers[0]}"),
            (None, None, None),
        ], "the second one is out of the department's reach"
        assert (await get(live, f"/orders/{numbers[1]}", HANDLER)).status_code == 404
        order = (await get(live, f"/orders/{numbers[0]}", HANDLER)).json()
        assert order["meeting"] == {
            "kind": "duty",
            "no": duty_no,
            "title": body["title"],
            "href": f"/api/v1/duties/{duty_no}",
        }
        events = (await get(live, f"/duties/{duty_no}/events", "auditor-1")).json()["items"]
        assert "13800000001" not in json.dumps(events)
        assert "王先生" not in json.dumps(events, ensure_ascii=False)
        assert "路灯不亮" in json.dumps(events, ensure_ascii=False)
        assert events[0]["type"] == "DutyOpened"
        await live.office.drain()
        await live.office.called_back(numbers[0])
        await live.office.eventually(
            lambda: "FollowUpEnded" in live.office.types(numbers[0]), "the call-back has ended"
        )
        again = (await get(live, f"/duties/{duty_no}")).json()
        assert [each["is_called_back"] for each in again["issues"]] == [True, False]
