"""Actions on an order as a whole: which, by whom, and when."""

import pytest

from domain.matter.judging import Submission
from domain.order.actions import ActionName
from domain.order.judgement import is_possible
from domain.order.policy import STANDARD_2
from domain.order.voices import by_voice
from domain.order.words import Ending, Stage
from tests.domain.order.judged import LATER, NOW, acted, code_of, situation, wanted


class TestAnAction:
    @pytest.mark.parametrize(
        ("name", "stage", "code"),
        [
            ("urge", Stage.HANDLING, None),
            ("urge", Stage.FOLLOW_UP, "wrong_stage"),
            ("withdraw", Stage.SUPERVISION, None),
            ("withdraw", Stage.REPLYING, "wrong_stage"),
            ("withdraw", Stage.CLOSED, "wrong_stage"),
            ("supervise", Stage.HANDLING, None),
            ("supervise", Stage.FIRST_CONTACT, "wrong_stage"),
            ("dance", Stage.HANDLING, "unknown_action"),
            ("rate", Stage.CLOSED, "missing_field"),
            ("reopen", Stage.CLOSED, "missing_field"),
            ("reopen", Stage.ARCHIVED, "wrong_stage"),
            ("resume", Stage.PAUSED, None),
            ("resume", Stage.HANDLING, "wrong_stage"),
            ("reassign", Stage.HANDLING, "missing_field"),
            ("reassign", Stage.DISPATCH, "wrong_stage"),
        ],
    )
    def test_is_possible_in_its_stages_only(self, name: str, stage: Stage, code: str | None) -> None:
        refusal = acted(wanted(name), stage)
        assert code_of(refusal) == code

    def test_to_reopen_is_taken_once(self) -> None:
        again = acted(wanted("reopen", {"text": "又坏了"}), Stage.CLOSED, reopened=True)
        assert code_of(again) == "reopened_already"

    def test_is_taken_so_often_and_no_more(self) -> None:
        cap, taken = (
            STANDARD_2.action_cap,
            by_voice([("somebody", 4), ("resident", STANDARD_2.action_cap - 4)]),
        )
        again = acted(wanted("urge"), Stage.HANDLING, taken={"urge": taken, "hold": taken}, book=STANDARD_2)
        assert again is not None
        assert (again.code, again.reason.split()[:4]) == ("too_often", ["urge", "was", "sent", str(cap)])
        less = by_voice([("resident", cap - 1), ("resident 20261123-7K3M9Q", cap)])
        assert acted(wanted("urge"), Stage.HANDLING, taken={"urge": less}, book=STANDARD_2) is None

    def test_that_was_sent_often_enough_is_offered_still_since_its_refusal_says_whom_to_call(self) -> None:
        taken = {"urge": {"": STANDARD_2.action_cap}}
        order = situation(Stage.HANDLING, taken=taken)
        assert is_possible(order, ActionName.URGE, actor="resident", at=NOW)
        assert not is_possible(
            situation(Stage.CLOSED, taken=taken), ActionName.URGE, actor="resident", at=NOW
        )

    def test_by_the_office_is_never_too_often(self) -> None:
        taken = {"": 1_000}
        fields = {"since": LATER, "until": LATER}
        told = acted(
            wanted("hold", fields), Stage.HANDLING, taken={"urge": taken, "hold": taken}, book=STANDARD_2
        )
        assert code_of(told) != "too_often"

    def test_to_rate_ones_own_work_is_refused(self) -> None:
        fields = {"solved": "yes", "satisfied": "yes"}
        refusal = acted(wanted("rate", fields), Stage.FOLLOW_UP, handled_by="somebody")
        assert code_of(refusal) == "own_work"

    def test_to_rate_is_not_refused_to_the_resident_whose_name_somebody_typed(self) -> None:
        rating = Submission(
            name="rate", actor="resident", at=NOW, fields={"solved": "yes", "satisfied": "yes"}
        )
        assert acted(rating, Stage.FOLLOW_UP, handled_by="resident") is None

    def test_on_an_order_that_was_joined_is_for_the_one_that_leads_it(self) -> None:
        for name in ("urge", "rate", "merge", "supervise"):
            assert code_of(acted(wanted(name), Stage.JOINED)) == "merged", name
        assert acted(wanted("withdraw"), Stage.JOINED) is None

    def test_to_rate_what_was_taken_back_is_refused(self) -> None:
        fields = {"solved": "yes", "satisfied": "yes"}
        refusal = acted(wanted("rate", fields), Stage.CLOSED, ending=Ending.WITHDRAWN)
        assert code_of(refusal) == "withdrawn"

    @pytest.mark.parametrize("name", ["withdraw", "rate", "reopen"])
    def test_for_a_requester_who_has_left_is_refused(self, name: str) -> None:
        stage = Stage.HANDLING if name == "withdraw" else Stage.CLOSED
        assert code_of(acted(wanted(name), stage, left=True)) == "withdrawn_already"

    def test_to_supervise_is_refused_while_somebody_does(self) -> None:
        refusal = acted(wanted("supervise"), Stage.HANDLING, supervised=True)
        assert code_of(refusal) == "supervised_already"
