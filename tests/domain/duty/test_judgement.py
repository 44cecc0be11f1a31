"""Judging decisions on a duty's tasks: each allowed outcome, and each refusal with the facts that a page needs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.duty.actions import DutyAction
from domain.duty.judgement import LONGEST_MEETING, judge_duty_action
from domain.duty.lifecycle import DutyTask
from domain.matter.faults import Fault
from domain.matter.judging import Refusal
from domain.matter.tasks import MAX_ATTACHMENTS
from domain.matter.timeliness import CLOCK_SKEW
from tests.domain.duty.judged import (
    ANNOUNCED,
    BEGAN,
    ENDS,
    NOW,
    PICTURE,
    PLANNED,
    SECOND,
    closed,
    judged,
    office,
    report,
    wanted,
    without_issues,
)

PLAN, HOLD, CLOSE = DutyTask.PLAN_MEETING, DutyTask.HOLD_MEETING, DutyTask.CLOSE_MEETING
SOON = "2026-11-25T19:00:00+08:00"
EXCUSE = {"reason": "disaster", "text": "连日暴雨，全员值守"}


def told(refusal: Refusal | None) -> tuple[Any, ...] | None:
    """Return the facts of a refusal that a page needs."""
    return (refusal.code, refusal.field, refusal.fault, refusal.bound) if refusal else None


class TestADecision:
    @pytest.mark.parametrize(
        ("kind", "name", "fields"),
        [
            (PLAN, "announce", {"at": SOON, "place": "梧桐里小广场"}),
            (PLAN, "request_excuse", EXCUSE),
            (HOLD, "held", {}),
            (HOLD, "postpone", {"at": SOON, "reason": "weather"}),
            (HOLD, "postpone", {"at": SOON, "reason": "place_unavailable", "place": "居委会二楼"}),
            (HOLD, "cancel", {"reason": "nobody_came"}),
            (HOLD, "request_excuse", EXCUSE),
            (CLOSE, "close", report()),
            (CLOSE, "close", without_issues()),
            (CLOSE, "not_held", {"reason": "emergency"}),
            (DutyTask.REVIEW, "approve", {}),
            (DutyTask.REVIEW, "revise", {"text": "请补充说明"}),
            (DutyTask.SUPERVISE, "urge", {}),
            (DutyTask.SUPERVISE, "conclude", {"reason": "team_changed", "text": "已调整联系领导"}),
        ],
    )
    def test_that_is_complete_is_taken(self, kind: DutyTask, name: str, fields: dict[str, Any]) -> None:
        assert judged(kind, wanted(name, fields)) is None

    @pytest.mark.parametrize(
        ("kind", "name", "fields", "expected"),
        [
            (PLAN, "announce", {"place": "广场"}, ("missing_field", "at", None, None)),
            (PLAN, "announce", {"at": SOON}, ("missing_field", "place", None, None)),
            (PLAN, "announce", {"at": SOON, "place": " "}, ("invalid_field", "place", Fault.LETTERS, None)),
            (PLAN, "announce", {"at": "noon", "place": "x"}, ("invalid_field", "at", Fault.INSTANT, None)),
            (
                PLAN,
                "announce",
                {"at": "2026-11-18T21:00:00+08:00", "place": "广场"},
                ("invalid_field", "at", Fault.NOT_AHEAD, None),
            ),
            (PLAN, "request_excuse", {"text": "x"}, ("missing_field", "reason", None, None)),
            (PLAN, "request_excuse", {"reason": "disaster"}, ("missing_field", "text", None, None)),
            (
                PLAN,
                "request_excuse",
                {"reason": "weather", "text": "x"},
                ("invalid_field", "reason", Fault.CHOICE, None),
            ),
            (PLAN, "held", {}, ("unknown_outcome", "outcome", None, None)),
            (HOLD, "held", {"text": "x"}, ("unknown_field", "text", None, None)),
            (HOLD, "postpone", {"at": SOON}, ("missing_field", "reason", None, None)),
            (HOLD, "postpone", {"reason": "weather"}, ("missing_field", "at", None, None)),
            (HOLD, "cancel", {}, ("missing_field", "reason", None, None)),
            (HOLD, "close", report(), ("unknown_outcome", "outcome", None, None)),
            (CLOSE, "not_held", {}, ("missing_field", "reason", None, None)),
            (DutyTask.REVIEW, "revise", {}, ("missing_field", "text", None, None)),
            (DutyTask.SUPERVISE, "conclude", {"text": "x"}, ("missing_field", "reason", None, None)),
            (DutyTask.SUPERVISE, "urge", {"at": SOON}, ("unknown_field", "at", None, None)),
        ],
    )
    def test_that_lacks_something_is_refused(
        self, kind: DutyTask, name: str, fields: dict[str, Any], expected: tuple[Any, ...]
    ) -> None:
        assert told(judged(kind, wanted(name, fields))) == expected

    def test_of_an_outcome_that_is_withheld_is_refused_with_those_that_are_offered(self) -> None:
        refusal = judged(PLAN, wanted("request_excuse", EXCUSE), withheld={"request_excuse"})
        assert told(refusal) == ("unknown_outcome", "outcome", None, None)
        assert refusal is not None
        assert refusal.reason.endswith("choose one of: announce")

    def test_on_somebodys_own_request_is_refused(self) -> None:
        refusal = judged(DutyTask.REVIEW, wanted("approve"), not_by={"somebody"})
        assert told(refusal) == ("own_work", None, None, None)
        assert judged(DutyTask.REVIEW, wanted("approve"), not_by={"somebody else"}) is None

    @pytest.mark.parametrize(
        ("kind", "name", "fields"),
        [
            (PLAN, "announce", {"at": SOON, "place": "广场"}),
            (PLAN, "request_excuse", EXCUSE),
            (HOLD, "cancel", {"reason": "weather"}),
            (CLOSE, "not_held", {"reason": "weather"}),
            (DutyTask.REVIEW, "revise", {"text": "x"}),
            (DutyTask.SUPERVISE, "urge", {}),
        ],
    )
    def test_that_leads_back_is_taken_twenty_times(
        self, kind: DutyTask, name: str, fields: dict[str, Any]
    ) -> None:
        assert judged(kind, wanted(name, fields), taken=19) is None
        assert told(judged(kind, wanted(name, fields), taken=20)) == ("too_often", None, None, None)

    @pytest.mark.parametrize(("kind", "name"), [(HOLD, "held"), (DutyTask.REVIEW, "approve")])
    def test_that_leads_on_is_not_counted(self, kind: DutyTask, name: str) -> None:
        assert judged(kind, wanted(name), taken=1000) is None

    @pytest.mark.parametrize(
        ("ahead", "expected"), [(CLOCK_SKEW, None), (CLOCK_SKEW + SECOND, ("not_yet", None, None, None))]
    )
    def test_waits_for_its_task_to_open(self, ahead: timedelta, expected: tuple[Any, ...] | None) -> None:
        assert told(judged(DutyTask.SUPERVISE, wanted("urge"), opened_at=NOW + ahead)) == expected


class TestAMeetingThatIsPlanned:
    NOT_IN_IT = ("invalid_field", "at", Fault.OUTSIDE_PERIOD, ENDS)

    @pytest.mark.parametrize(("kind", "name"), [(PLAN, "announce"), (HOLD, "postpone")])
    @pytest.mark.parametrize(
        ("at", "is_taken"),
        [
            ("2026-11-30T23:59:59+08:00", True),
            ("2026-11-30T15:59:59Z", True),
            ("2026-12-01T00:00:00+08:00", False),
            ("2026-11-30T16:00:00Z", False),
            ("2026-12-20T19:00:00+08:00", False),
        ],
    )
    def test_lies_in_its_period(self, kind: DutyTask, name: str, at: str, is_taken: bool) -> None:
        fields = {"at": at} | ({"place": "广场"} if name == "announce" else {"reason": "weather"})
        assert told(judged(kind, wanted(name, fields))) == (None if is_taken else self.NOT_IN_IT)

    def test_lies_in_the_time_that_a_hold_has_added(self) -> None:
        fields = {"at": "2026-12-01T19:00:00+08:00", "reason": "weather"}
        assert judged(HOLD, wanted("postpone", fields), ends=ENDS + timedelta(days=1)) is None

    @pytest.mark.parametrize(("at", "is_taken"), [(BEGAN, True), (BEGAN - SECOND, False)])
    def test_lies_in_its_period_also_when_that_is_opened_early(self, at: datetime, is_taken: bool) -> None:
        early = wanted("announce", {"at": at.isoformat(), "place": "广场"}, at=office("2026-10-30 10:00"))
        refusal = judged(PLAN, early, opened_at=office("2026-10-30 09:00"))
        assert told(refusal) == (None if is_taken else self.NOT_IN_IT)

    def test_is_refused_with_the_period_in_words(self) -> None:
        refusal = judged(PLAN, wanted("announce", {"at": "2026-12-02T19:00:00+08:00", "place": "广场"}))
        assert refusal is not None
        said = "at must lie in the period, from 2026-10-31T16:00:00Z to before 2026-11-30T16:00:00Z"
        assert refusal.reason == said


class TestAMeetingThatIsSaidToBeHeld:
    @pytest.mark.parametrize(
        ("at", "is_taken"),
        [
            (PLANNED - CLOCK_SKEW - SECOND, False),
            (PLANNED - CLOCK_SKEW, True),
            (PLANNED, True),
            (ENDS, True),
        ],
    )
    def test_is_not_held_before_its_time(self, at: datetime, is_taken: bool) -> None:
        refusal = judged(HOLD, wanted("held", at=at))
        assert told(refusal) == (None if is_taken else ("not_yet", None, None, None))
        if refusal is not None:
            assert "2026-11-18T11:00:00Z" in refusal.reason


class TestTheTimesOfAMeeting:
    @pytest.mark.parametrize(
        ("started", "ended"),
        [
            ("2026-11-18T19:00:00+08:00", "2026-11-18T19:00:01+08:00"),
            ("2026-11-18T09:00:00+08:00", "2026-11-18T21:00:00+08:00"),
            ("2026-11-10T09:00:00+08:00", "2026-11-10T10:00:00+08:00"),
            ("2026-11-10T08:59:00+08:00", "2026-11-10T10:00:00+08:00"),
            ("2026-11-18T11:00:00Z", "2026-11-18T20:30:00+08:00"),
            ("2026-11-18T21:00:30+08:00", "2026-11-18T21:01:00+08:00"),
        ],
    )
    def test_are_taken(self, started: str, ended: str) -> None:
        assert closed(report(started_at=started, ended_at=ended)) is None

    @pytest.mark.parametrize(
        ("case", "started", "ended", "expected"),
        [
            (
                "before residents were told",
                "2026-11-10T08:58:59+08:00",
                "2026-11-10T10:00:00+08:00",
                ("started_at", Fault.BEFORE_ANNOUNCED, ANNOUNCED),
            ),
            (
                "ends as it begins",
                "2026-11-18T19:00:00+08:00",
                "2026-11-18T11:00:00Z",
                ("ended_at", Fault.ENDS_BEFORE_START, 12),
            ),
            (
                "ends before it begins",
                "2026-11-18T19:00:00+08:00",
                "2026-11-18T18:00:00+08:00",
                ("ended_at", Fault.ENDS_BEFORE_START, 12),
            ),
            (
                "longer than twelve hours",
                "2026-11-18T08:59:59+08:00",
                "2026-11-18T21:00:00+08:00",
                ("ended_at", Fault.ENDS_BEFORE_START, 12),
            ),
            (
                "before the period",
                "2026-10-31T23:59:59+08:00",
                "2026-11-01T01:00:00+08:00",
                ("started_at", Fault.OUTSIDE_PERIOD, ENDS),
            ),
            (
                "held in the future",
                "2026-11-18T21:01:01+08:00",
                "2026-11-18T22:00:00+08:00",
                ("started_at", Fault.NOT_PAST, None),
            ),
            (
                "not over yet",
                "2026-11-18T19:00:00+08:00",
                "2026-11-18T21:01:01+08:00",
                ("ended_at", Fault.NOT_PAST, None),
            ),
            (
                "no instant",
                "2026-11-18T19:00:00",
                "2026-11-18T21:00:00+08:00",
                ("started_at", Fault.INSTANT, None),
            ),
        ],
    )
    def test_are_refused(self, case: str, started: str, ended: str, expected: tuple[Any, ...]) -> None:
        refusal = closed(report(started_at=started, ended_at=ended))
        assert told(refusal) == ("invalid_field", *expected), case

    @pytest.mark.parametrize(
        ("started", "ended", "is_taken"),
        [
            ("2026-11-30T23:59:59+08:00", "2026-12-01T01:00:00+08:00", True),
            ("2026-12-01T00:00:00+08:00", "2026-12-01T01:00:00+08:00", False),
            ("2026-11-30T16:00:00Z", "2026-11-30T17:00:00Z", False),
        ],
    )
    def test_count_for_the_period_of_the_start(self, started: str, ended: str, is_taken: bool) -> None:
        said = wanted("close", report(started_at=started, ended_at=ended), at=office("2026-12-02 09:00"))
        outside = ("invalid_field", "started_at", Fault.OUTSIDE_PERIOD, ENDS)
        assert told(judged(CLOSE, said)) == (None if is_taken else outside)

    def test_begin_with_the_first_instant_of_the_period(self) -> None:
        fields = report(started_at=BEGAN.isoformat(), ended_at="2026-11-01T01:00:00+08:00")
        assert closed(fields, announced_at=office("2026-10-30 09:00")) is None

    def test_are_refused_if_nobody_was_told(self) -> None:
        refusal = closed(report(), announced_at=None)
        assert told(refusal) == ("invalid_field", "started_at", Fault.BEFORE_ANNOUNCED, None)
        assert refusal is not None
        assert "not at all" in refusal.reason

    @given(
        start=st.timedeltas(timedelta(days=-40), timedelta(hours=2)),
        length=st.timedeltas(timedelta(hours=-1), timedelta(hours=14)),
    )
    def test_are_taken_only_if_all_of_it_holds(self, start: timedelta, length: timedelta) -> None:
        started = (PLANNED + start).astimezone(UTC)
        fields = report(started_at=started.isoformat(), ended_at=(started + length).isoformat())
        if closed(fields) is None:
            assert BEGAN <= started < ENDS
            assert started >= ANNOUNCED - CLOCK_SKEW
            assert timedelta(0) < length <= LONGEST_MEETING
            assert started + length <= NOW + CLOCK_SKEW


class TestAReport:
    @pytest.mark.parametrize(
        "name",
        ["started_at", "ended_at", "led_by", "from_department", "attendees", "summary", "evidence"],
    )
    def test_is_whole(self, name: str) -> None:
        assert told(closed(report(**{name: None}))) == ("missing_field", name, None, None)

    @pytest.mark.parametrize("name", ["from_department", "attendees"])
    @pytest.mark.parametrize("count", [0, -1, 10_001, 1.5, 3.0, True, "17", [17], {}])
    def test_counts_at_least_one_and_not_too_many(self, name: str, count: Any) -> None:
        assert told(closed(report(**{name: count}))) == ("invalid_field", name, Fault.NUMBER, 10_000)

    @pytest.mark.parametrize("count", [1, 10_000])
    def test_counts_people_up_to_the_bound(self, count: int) -> None:
        assert closed(report(attendees=count, from_department=count)) is None

    def test_is_led_by_the_leader_or_by_a_deputy_who_was_named_before(self) -> None:
        assert closed(report(led_by="deputy")) is None
        assert closed(report(led_by="leader"), has_deputy=False) is None
        refusal = closed(report(led_by="deputy"), has_deputy=False)
        assert told(refusal) == ("invalid_field", "led_by", Fault.NO_DEPUTY, None)

    @pytest.mark.parametrize("led_by", ["somebody", "", "LEADER"])
    def test_is_led_by_nobody_else(self, led_by: str) -> None:
        refusal = closed(report(led_by=led_by))
        assert refusal is not None
        assert (refusal.code, refusal.field) == ("invalid_field", "led_by")


class TestTheIssuesOfAReport:
    NO_REASON = ("invalid_field", "no_issue_reason", Fault.WITHOUT_ISSUES, None)
    REASON_TOO_MUCH = ("invalid_field", "no_issue_reason", Fault.WITH_ISSUES, None)

    @pytest.mark.parametrize(
        "issues",
        [
            [{"text": "路灯不亮"}],
            [{"text": "路灯不亮", "answer": "当场约定周五修复"}],
            [
                {"text": "路灯不亮"},
                {"text": "占道", "category": "noise", "name": "王某", "phone": "13800000000"},
            ],
            [{"text": "路灯不亮"}] * 20,
        ],
    )
    def test_are_taken_with_and_without_an_answer(self, issues: list[dict[str, str]]) -> None:
        assert closed(report(issues=issues)) is None

    @pytest.mark.parametrize(
        "issues", [[], [{"text": " "}], [{"answer": "好"}], [{"text": "一"}] * 21, "text"]
    )
    def test_that_are_none_are_refused(self, issues: Any) -> None:
        refusal = closed(report(issues=issues))
        assert refusal is not None
        assert (refusal.code, refusal.field) == ("invalid_field", "issues")

    def test_and_a_reason_for_none_exclude_each_other(self) -> None:
        assert told(closed(report(no_issue_reason="没有"))) == self.REASON_TOO_MUCH
        assert told(closed(report(issues=None))) == self.NO_REASON

    @pytest.mark.parametrize(
        ("stored", "fields", "expected"),
        [
            ({"issues", "summary"}, report(issues=None, summary=None), None),
            ({"summary"}, report(issues=None, summary=None), NO_REASON),
            ({"no_issue_reason"}, report(issues=None), None),
            ({"no_issue_reason"}, report(), REASON_TOO_MUCH),
            ({"issues", "no_issue_reason"}, report(issues=None), REASON_TOO_MUCH),
            ({"issues"}, without_issues(), REASON_TOO_MUCH),
        ],
    )
    def test_count_where_the_store_keeps_them(
        self, stored: set[str], fields: dict[str, Any], expected: tuple[Any, ...] | None
    ) -> None:
        assert told(judged(CLOSE, wanted("close", fields, stored=frozenset(stored)))) == expected

    def test_are_not_replaced_by_a_comment(self) -> None:
        said = wanted("close", report(issues=None, summary=None), comment="开得很好")
        assert told(judged(CLOSE, said)) == self.NO_REASON


class TestTheEvidenceOfAReport:
    def test_that_is_a_picture_of_the_place_comes_with_one(self) -> None:
        refusal = closed(report(evidence="place_photo"))
        assert told(refusal) == ("invalid_field", "attachments", Fault.EVIDENCE, 1)
        assert told(closed(report(evidence="place_photo", attachments=[]))) == told(refusal)
        assert closed(report(evidence="place_photo", attachments=[PICTURE])) is None

    def test_that_is_orders_goes_with_issues(self) -> None:
        assert closed(report(evidence="orders")) is None
        refusal = closed(without_issues(evidence="orders"))
        assert told(refusal) == ("invalid_field", "evidence", Fault.CHOICE, None)

    def test_that_is_a_companion_needs_no_picture_and_takes_one(self) -> None:
        assert closed(without_issues()) is None
        assert closed(without_issues(attachments=[PICTURE])) is None

    @pytest.mark.parametrize("ids", ["x", ["x"], [PICTURE] * 2, [f"{each:032x}" for each in range(10)]])
    def test_is_a_list_of_files(self, ids: Any) -> None:
        refusal = closed(report(attachments=ids))
        assert told(refusal) == ("invalid_field", "attachments", Fault.FILES, MAX_ATTACHMENTS)


class TestWhatTheOfficeTells:
    @pytest.mark.parametrize(
        ("name", "fields"),
        [
            ("recalculate", {}),
            ("recalculate", {"changed_from": "2026-11-24T00:00:00+08:00"}),
            ("hold", {"since": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z"}),
            ("release", {"at": "2026-11-24T00:00:00Z"}),
            ("release", {"at": "2026-11-24T00:00:00Z", "since": "2026-11-23T00:00:00Z"}),
        ],
    )
    def test_is_heard(self, name: str, fields: dict[str, str]) -> None:
        assert judge_duty_action(wanted(name, fields)) is None

    @pytest.mark.parametrize(
        ("name", "fields", "expected"),
        [
            ("hold", {"since": "2026-11-24T00:00:00Z"}, ("missing_field", "until", None, None)),
            ("hold", {"until": "2026-11-24T00:00:00Z"}, ("missing_field", "since", None, None)),
            ("release", {}, ("missing_field", "at", None, None)),
            ("release", {"at": "now"}, ("invalid_field", "at", Fault.INSTANT, None)),
            ("recalculate", {"until": "x"}, ("unknown_field", "until", None, None)),
            ("urge", {}, ("unknown_action", "action", None, None)),
            ("reopen", {}, ("unknown_action", "action", None, None)),
            ("", {}, ("unknown_action", "action", None, None)),
        ],
    )
    def test_is_refused(self, name: str, fields: dict[str, str], expected: tuple[Any, ...]) -> None:
        assert told(judge_duty_action(wanted(name, fields))) == expected

    def test_is_named_where_somebody_sends_anything_else(self) -> None:
        refusal = judge_duty_action(wanted("urge"))
        assert refusal is not None
        assert all(str(each) in refusal.reason for each in DutyAction)
