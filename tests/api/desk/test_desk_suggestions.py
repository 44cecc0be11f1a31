"""What a task's page suggests and by whom, and the buttons that rest on it."""

import uuid
from typing import Any

import pytest
from sqlalchemy import update

from api.pages.rendering import texts
from domain.matter.events import MatterEvent
from domain.order.lifecycle import TaskKind
from store.matter.tables import event
from store.office.directory import current
from tests.api.conftest import Api
from tests.api.desk.forms import HEADERS
from tests.support.browser import Browser, at_work
from tests.support.page import Page


async def to_classify(live: Api, *, category: str | None = None, **suggested: Any) -> tuple[str, str]:
    """Place an order and bring it to its classification; return its number and the page's path."""
    live.office.policy = "standard"
    said = {"category": category} if category else {}
    order_no = str((await live.placed(key=uuid.uuid4().hex, **said))["order_no"])
    await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单", **suggested)
    task = await live.office.task(order_no, TaskKind.CLASSIFY)
    return order_no, f"/desk/tasks/{task['task_id']}"


async def press(browser: Browser, path: str, outcome: str, then: str, **fields: str) -> Any:
    """Press a button of the form of the three classes."""
    shown = Page(await browser.get(path))
    form = Page(next(each for each in shown.all("form") if Page(each).all('input[value="general"]')))
    data = (
        form.sends()
        | {"outcome": [outcome], "then": [then]}
        | {name: [each] for name, each in fields.items()}
    )
    return await browser.send("POST", f"{path}/decision", data=data, headers=HEADERS)


class TestTheFormOfTheThreeClasses:
    async def test_starts_with_what_the_first_officer_suggests_and_says_so(self, live: Api) -> None:
        _, path = await to_classify(live, category="noise", **{"class": "complex"})
        shown = Page(await (await at_work(live, "desk-1")).get(path))
        form = Page(next(each for each in shown.all("form") if Page(each).all('input[value="complex"]')))
        assert form.values("outcome") == ["complex"]
        (label,) = (Page(each).text for each in form.all("label") if Page(each).all("[checked]"))
        assert texts()["decide"]["by_first_officer"] in label
        assert form.chosen("category") == "noise"

    async def test_chooses_no_class_that_nobody_suggests(self, live: Api) -> None:
        _, path = await to_classify(live)
        shown = Page(await (await at_work(live, "desk-1")).get(path))
        assert shown.all("input[name=outcome][checked]") == []

    async def test_dispatches_at_once_to_the_unit_of_the_category_that_was_chosen_there(
        self, live: Api
    ) -> None:
        """Not to the unit of the category that the order came with."""
        order_no, path = await to_classify(live, category="noise")
        desk = await at_work(live, "desk-1")
        sent = await press(desk, path, "general", "dispatch", category="city_appearance")
        assert sent.status_code == 303, sent.text
        task = await live.office.task(order_no, TaskKind.ACKNOWLEDGE)
        assert task["unit"] == "street-urban-management"

    async def test_or_waits_for_a_dispatch(self, live: Api) -> None:
        order_no, path = await to_classify(live, category="city_appearance", unit="street-safety")
        desk = await at_work(live, "desk-1")
        assert (await press(desk, path, "general", "wait")).status_code == 303
        assert (await live.office.task(order_no, TaskKind.DISPATCH))["state"] == "open"

    async def test_prefers_the_unit_that_the_first_officer_named(self, live: Api) -> None:
        order_no, path = await to_classify(live, category="city_appearance", unit="street-safety")
        desk = await at_work(live, "desk-1")
        assert (await press(desk, path, "general", "dispatch")).status_code == 303
        assert (await live.office.task(order_no, TaskKind.ACKNOWLEDGE))["unit"] == "street-safety"

    async def test_says_beside_the_unit_that_the_directory_names_none(
        self, live: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order_no, path = await to_classify(live)
        monkeypatch.setattr("api.desk.task_matter.suggested_unit", lambda *_: None)
        desk = await at_work(live, "desk-1")
        refused = await press(desk, path, "urgent", "dispatch")
        assert refused.status_code == 422
        assert Page(refused).wrong("urgent-unit") == texts()["decide"]["no_unit"]
        assert (await live.office.task(order_no, TaskKind.CLASSIFY))["state"] == "open"

    async def test_shows_again_what_was_sent_and_not_what_the_directory_added(self, live: Api) -> None:
        _, path = await to_classify(live, category="city_appearance")
        desk = await at_work(live, "desk-1")
        refused = Page(await press(desk, path, "general", "dispatch", category="nothing-like-it"))
        form = Page(next(each for each in refused.all("form") if Page(each).all('input[value="general"]')))
        assert form.values("unit") == [""]

    async def test_starts_with_the_usual_class_of_the_category_if_no_officer_suggests_one(
        self, live: Api
    ) -> None:
        _, path = await to_classify(live, category="noise")
        with live.office.store.read() as connection:
            usual = current(connection).usual_class("noise")
        shown = Page(await (await at_work(live, "desk-1")).get(path))
        form = Page(next(each for each in shown.all("form") if Page(each).all('input[value="general"]')))
        assert form.values("outcome") == [usual]
        assert texts()["decide"]["by_category"] in form.text

    async def test_does_not_take_a_passed_limit_for_an_opinion(self, live: Api) -> None:
        """The event of the limit names the unit that let it pass."""
        order_no, path = await to_classify(live, category="city_appearance")
        with live.office.store.write() as connection:
            opinion = (event.c.matter_no == order_no) & (event.c.type == MatterEvent.TASK_COMPLETED)
            passed = {"kind": "first_contact", "unit": "community-03"}
            changed = connection.execute(update(event).where(opinion).values(type="LimitPassed", data=passed))
        assert changed.rowcount == 1
        shown = Page(await (await at_work(live, "desk-1")).get(path))
        form = Page(next(each for each in shown.all("form") if Page(each).all('input[value="general"]')))
        assert form.values("unit") == [""]


class TestAllOrdersOfAPage:
    async def test_are_dispatched_but_for_those_that_came_back(self, live: Api) -> None:
        live.office.policy = "standard"
        office, numbers = live.office, []
        for _ in range(2):
            order_no, path = await to_classify(live, category="city_appearance")
            await press(await at_work(live, "desk-1"), path, "general", "wait")
            numbers.append(order_no)
        back, ready = numbers
        await office.decide(back, TaskKind.DISPATCH, "assign", lead_unit="street-urban-management")
        await office.decide(
            back, TaskKind.ACKNOWLEDGE, "send_back", reason="not_competent", text="不属本单位职责"
        )
        await office.decide(back, TaskKind.REVIEW, "approve")
        await office.task(back, TaskKind.DISPATCH)
        desk = await at_work(live, "desk-1")
        page = Page(await desk.get("/desk/dispatch"))
        assert texts()["dispatch"]["came_back"] in page.text
        form = page.form("/desk/dispatch")
        sent = await desk.send("POST", "/desk/dispatch", data=form.sends() | {"all": ["1"]}, headers=HEADERS)
        assert ready in Page(sent).text
        assert (await office.task(ready, TaskKind.ACKNOWLEDGE))["unit"] == "street-urban-management"
        assert (await office.task(back, TaskKind.DISPATCH))["state"] == "open"


class TestASuggestedRejection:
    async def test_opens_its_form_with_the_reason(self, live: Api) -> None:
        _, path = await to_classify(live, reject_reason="no_facts")
        shown = Page(await (await at_work(live, "desk-1")).get(path))
        (opened,) = (Page(each) for each in shown.all("details[open]") if Page(each).all("form"))
        assert opened.field("outcome") == "reject"
        assert opened.chosen("reason") == "no_facts"


class TestAnOutcomeWithoutFields:
    async def test_is_a_button_and_opens_nothing(self, live: Api) -> None:
        order_no, path = await to_classify(live, category="city_appearance")
        desk = await at_work(live, "desk-1")
        await press(desk, path, "general", "dispatch")
        task = await live.office.task(order_no, TaskKind.ACKNOWLEDGE)
        handler = await at_work(live, task["unit"] + "-handler")
        path = f"/desk/tasks/{task['task_id']}"
        form = Page(await handler.get(path)).form(f"{path}/decision", outcome="accept")
        assert all(each.name != "details" for each in form.tag.parents)
        sent = await handler.send("POST", f"{path}/decision", data=form.sends(), headers=HEADERS)
        assert sent.status_code == 303
        assert (await live.office.task(order_no, TaskKind.HANDLE))["state"] == "open"
