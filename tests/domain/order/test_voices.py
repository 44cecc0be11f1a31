"""Whose voice an action is, how often each voice is heard, and which voices answer a question."""

import pytest

from domain.order.policy import BOOKS, STANDARD_2, PolicyBook
from domain.order.voices import (
    RESIDENT,
    answers_the_question,
    by_voice,
    followed,
    follower,
    said_enough,
    voice,
)

FIRST, SECOND = "20261123-7K3M9Q", "20261123-AAAAAA"
OWN = (RESIDENT, "desk-1", "system", "residents", "resident-1", "王 小明")
CAP, TOGETHER = STANDARD_2.action_cap, STANDARD_2.followers_cap


class TestAVoice:
    def test_of_a_follower_is_known_by_the_number_of_their_order(self) -> None:
        assert followed(follower(FIRST)) == FIRST
        assert voice(follower(FIRST)) != voice(follower(SECOND))

    @pytest.mark.parametrize("actor", [*OWN, "resident "])
    def test_of_anybody_else_is_the_orders_own(self, actor: str) -> None:
        assert not followed(actor)
        assert voice(actor) == voice(RESIDENT) != voice(follower(FIRST))

    def test_is_counted_over_all_who_share_it(self) -> None:
        said = [(RESIDENT, 2), ("desk-1", 3), (follower(FIRST), 4), (follower(SECOND), 1)]
        assert by_voice(said) == {voice(RESIDENT): 5, FIRST: 4, SECOND: 1}


class TestEnough:
    @pytest.mark.parametrize("actor", [*OWN, follower(FIRST)])
    def test_is_the_cap_of_each_voice(self, actor: str) -> None:
        assert said_enough(by_voice([(actor, CAP - 1)]), actor, STANDARD_2) is None
        assert said_enough(by_voice([(actor, CAP)]), actor, STANDARD_2) == CAP

    def test_of_one_voice_is_not_anothers(self) -> None:
        for said, then in ((FIRST, SECOND), (FIRST, ""), ("", FIRST)):
            actor = follower(then) if then else RESIDENT
            assert said_enough({said: CAP}, actor, STANDARD_2) is None

    def test_of_all_followers_is_five_caps_and_leaves_the_orders_own(self) -> None:
        taken = {f"20261123-{number:06}": CAP for number in range(TOGETHER // CAP)}
        assert said_enough(taken, follower(FIRST), STANDARD_2) == TOGETHER
        assert said_enough(taken, RESIDENT, STANDARD_2) is None
        one_less = taken | {"20261123-000000": CAP - 1}
        assert said_enough(one_less | {"": CAP}, follower(FIRST), STANDARD_2) is None

    @pytest.mark.parametrize("book", BOOKS.values(), ids=BOOKS)
    def test_leaves_a_follower_their_own_cap_in_every_book(self, book: PolicyBook) -> None:
        assert book.followers_cap == 5 * book.action_cap


class TestAnAnswer:
    @pytest.mark.parametrize(
        ("actor", "left", "is_one"),
        [
            (RESIDENT, False, True),
            ("desk-1", False, True),
            (follower(FIRST), False, False),
            (follower(FIRST), True, True),
            ("desk-1", True, True),
        ],
    )
    def test_comes_from_whom_was_asked_or_who_speaks_for_them(
        self, actor: str, *, left: bool, is_one: bool
    ) -> None:
        assert answers_the_question(actor, left=left) is is_one
