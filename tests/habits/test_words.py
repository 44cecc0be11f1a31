"""One word for one idea: the pages use the words of the glossary."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from activities.message.wording import _TEMPLATES, PLACES, REASONS
from api.errors import _HTTP as FRAMEWORK
from api.errors import STATUS
from api.pages.rendering import texts
from domain.duty.events import DutyEvent, DutyTemplate
from domain.duty.lifecycle import DUTY_TASKS
from domain.duty.words import DutyEnding, DutyStage
from domain.kinds import KINDS
from domain.matter.events import REMINDER, MatterEvent
from domain.matter.faults import Fault
from domain.order.actions import ACTIONS
from domain.order.events import EventName
from domain.order.lifecycle import TASKS
from domain.order.reasons import GOES_TO, REJECT
from domain.order.templates import REPLIES, Template, ending_of, reply_for
from domain.order.words import Ending

ROOT = Path(__file__).parents[2]


def glossary() -> dict[str, set[str]]:
    """Read the Chinese words for each code word."""
    words: dict[str, set[str]] = defaultdict(set)
    for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if line.startswith("| ") and len(cells) >= 3:
            for code in re.findall(r"`(\w+)`", cells[1]):
                words[code] |= set(re.split("[、，]", cells[0]))
    return words


SAID = [
    *(("task", str(kind), task.label) for kind, task in TASKS.items()),
    *(("duty's task", str(kind), task.label) for kind, task in DUTY_TASKS.items()),
    *(
        (f"outcome of a duty's {kind}", outcome.name, outcome.label)
        for kind, task in DUTY_TASKS.items()
        for outcome in task.outcomes
    ),
    *(("action", str(name), action.label) for name, action in ACTIONS.items()),
    *(
        (section, code, word)
        for section in (
            *("stages", "roles", "tiers", "kinds", "channels", "events", "timeliness"),
            *("duty_stages", "duty_endings", "matters"),
        )
        for code, word in texts()[section].items()
    ),
]


class TestAPage:
    @pytest.mark.parametrize(("where", "code", "word"), SAID)
    def test_says_what_the_glossary_says(self, where: str, code: str, word: str) -> None:
        terms = glossary().get(code, set())
        assert not terms or any(term in word or word in term for term in terms), (where, code, word, terms)

    def test_says_enough_of_it_to_be_worth_the_look(self) -> None:
        known = glossary()
        assert len([code for _, code, _ in SAID if code in known]) > 30


class TestARejection:
    def test_is_told_in_words_of_pages_and_of_messages(self) -> None:
        for codes, words in ((REJECT, REASONS), (GOES_TO, PLACES)):
            assert {code: texts()["codes"].get(code) for code in codes} == words


class TestAFault:
    def test_is_told_in_words_of_the_pages(self) -> None:
        assert set(texts()["faults"]) == set(Fault)


class TestARefusal:
    @pytest.mark.parametrize(
        "code", [*STATUS, *(code for code, _ in FRAMEWORK.values()), "too_many_requests"]
    )
    def test_is_told_in_words_of_the_pages(self, code: str) -> None:
        assert re.search("[\u4e00-\u9fff]", texts()["refusals"].get(code, "")), code


class TestADuty:
    def test_is_told_in_words_of_the_pages_and_in_no_other(self) -> None:
        assert set(texts()["duty_stages"]) == set(DutyStage)
        assert set(texts()["duty_endings"]) == set(DutyEnding)
        assert set(texts()["matters"]) == {each.name for each in KINDS}

    def test_has_words_for_every_code_that_a_form_offers(self) -> None:
        ways = [way for task in DUTY_TASKS.values() for way in task.outcomes]
        assert {code for way in ways for each in way.fields for code in each.codes} <= set(texts()["codes"])


class TestEvents:
    def test_are_all_worded_for_staff_and_no_other_is(self) -> None:
        assert set(texts()["events"]) == {*MatterEvent, *EventName, *DutyEvent}
        assert set(texts()["resident"]["events"]) < {*MatterEvent, *EventName}

    @pytest.mark.parametrize("event", [*MatterEvent, *EventName, *DutyEvent])
    def test_are_all_written_somewhere(self, event: MatterEvent | EventName | DutyEvent) -> None:
        openers = [ROOT / "store" / "order" / "taken_in.py", ROOT / "store" / "duty" / "opening.py"]
        writers = [*(ROOT / "workflows").rglob("*.py"), *openers]
        assert any(
            f"{type(event).__name__}.{event.name}" in path.read_text(encoding="utf-8") for path in writers
        )


class TestMessages:
    def test_are_all_worded(self) -> None:
        assert set(_TEMPLATES) == {REMINDER, *Template, *DutyTemplate}

    @pytest.mark.parametrize("template", [*sorted(set(Template) - set(REPLIES)), *DutyTemplate])
    def test_are_all_written_somewhere(self, template: Template | DutyTemplate) -> None:
        writers = [*(ROOT / "workflows").rglob("*.py"), ROOT / "store" / "order" / "joined" / "splitting.py"]
        assert any(
            f"{type(template).__name__}.{template.name}" in path.read_text(encoding="utf-8")
            for path in writers
        )

    def test_tell_every_ending_that_the_story_replies_with(self) -> None:
        unspoken = {Ending.WITHDRAWN, Ending.MERGED}
        assert {reply_for(each) for each in set(Ending) - unspoken} == set(REPLIES)
        assert {ending_of(each) for each in REPLIES} == {str(each) for each in set(Ending) - unspoken}
