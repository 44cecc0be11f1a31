"""Sixty ways to smuggle a script in, through every field of every form: all are shown as text, and none runs.

Assumes that a page that runs a script, or only tries to, complains: by a dialog, by its policy, or in the console.
"""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.async_api import Locator, Response
from playwright.async_api import Page as Tab

from tests.browser.browsing import Site, arrive, unfold
from tests.support.pages import PAGES, Page, bring, cookies_of, opened, set_anew

PAYLOADS: Final = (Path(__file__).parent / "payloads.txt").read_text(encoding="utf-8").splitlines()
LONGEST: Final = {"textarea": 4_000, "password": 1_000}
LINE: Final = 200
FIELDS: Final = (
    "textarea, input:not([type=hidden], [type=checkbox], [type=radio], [type=file], [type=submit])"
)
"""The fields that a person can type into."""


def test_there_are_sixty() -> None:
    assert len(set(PAYLOADS)) == 60


def portions(limit: int) -> list[str]:
    """Join as many payloads as a field takes into portions; each payload is whole in one of them."""
    # Short payloads go together.
    found, rest = [], sorted(PAYLOADS, key=len)
    while rest:
        portion = rest.pop(0)
        while rest and len(portion) + 1 + len(rest[0]) <= limit:
            portion += f" {rest.pop(0)}"
        found.append(portion[:limit])
    return found


async def check(tab: Tab, answer: Response | None) -> None:
    """Check that nothing ran, and that no markup came back as it was written."""
    assert answer is not None
    assert await tab.evaluate("window.__xss") is None
    shown = await answer.text()
    assert [each for each in PAYLOADS if "<" in each and each in shown] == []


async def limit_of(field: Locator) -> int:
    """Return how many characters a field takes."""
    most = await field.get_attribute("maxlength")
    kind = await field.evaluate("each => each.type")
    return int(most) if most else LONGEST.get(kind, LINE)


async def forms_of(tab: Tab) -> int:
    """Count the forms that a person can type into."""
    return await tab.locator("form", has=tab.locator(FIELDS)).count()


async def send(tab: Tab, number: int, turn: int) -> tuple[int, Response]:
    """Fill in a form as a stranger would, for this turn; return how many turns the form needs, and the answer."""
    form = tab.locator("form", has=tab.locator(FIELDS)).nth(number)
    turns = 1
    for field in await form.locator(FIELDS).all():
        texts = portions(await limit_of(field))
        turns = max(turns, len(texts))
        # As a program does: whatever the type of the field, and without the browser's checks.
        await field.evaluate(
            "(each, text) => { if (each.type != 'textarea') each.type = 'text'; each.value = text; }",
            texts[turn % len(texts)],
        )
    for choice in await form.locator("select").all():
        await choice.evaluate("each => { each.selectedIndex = each.options.length - 1; }")
    async with tab.expect_navigation() as gone:
        await form.evaluate("each => { each.noValidate = true; each.requestSubmit(); }")
    answer = await gone.value
    assert answer is not None
    return turns, answer


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
async def test_a_form_shows_what_was_written_as_text(site: Site, page: Page) -> None:
    """Each form gets as many payloads at once as it takes; the page must show the kept ones as text."""
    async with site.context(page) as context:
        tab = await context.new_page()
        await arrive(tab, page, page.address(site.scene))
        for number in range(await forms_of(tab)):
            scene, turn, turns, was_taken = site.scene, 0, 1, True
            while turn < turns:
                if was_taken:
                    # The next turn needs a page that still offers the form.
                    scene = await set_anew(site.teller, page, site.scene)
                await arrive(tab, page, page.address(scene))
                turns, answer = await send(tab, number, turn)
                await check(tab, answer)
                turn, was_taken = turn + 1, answer.status < HTTPStatus.BAD_REQUEST
                if was_taken and page.at:
                    await check(tab, await tab.goto(page.address(scene)))


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("/signin?goes_to={}", None),
        ("/desk?done=applied&matter={}", "desk-1"),
        ("/desk?cursor={}", "desk-1"),
        ("/desk/orders?stage={}", "desk-1"),
        ("/desk/orders/{}", "desk-1"),
        ("/desk/duties?period={}", "desk-1"),
        ("/desk/duties/{}", "desk-1"),
        ("/desk/figures?days={}", "desk-1"),
    ],
)
async def test_an_address_is_never_shown_as_markup(site: Site, address: str, who: str | None) -> None:
    cookies = cookies_of(site.store, site.secret, who)
    for payload in PAYLOADS:
        shown = await opened(site.teller.http, address.format(quote(payload, safe="")), cookies)
        assert shown.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, payload
        assert "<" not in payload or payload not in shown.text, payload


async def test_an_order_shows_what_was_written_as_text(site: Site) -> None:
    """Each payload separately: in every field of a channel, and in the texts of a decision."""
    together = asyncio.Semaphore(4)

    async def place(payload: str) -> Any:
        async with together:
            told = await bring(
                site.teller,
                "first_contact",
                subject=payload,
                description=payload,
                requester={"name": payload[:100], "phone": payload[:40], "email": payload},
                place={"address": payload},
            )
            task = (await told.task("first_contact"))["task_id"]
            await told.decide("first_contact", "refer", text=payload)
            return task

    tasks = await asyncio.gather(*map(place, PAYLOADS))
    async with site.seated("desk-1") as tab:
        for task in tasks:
            await tab.goto(f"/desk/tasks/{task}")
            await unfold(tab)
            assert await tab.evaluate("window.__xss") is None
        await tab.goto("/desk")
        for _ in range(5):
            assert await tab.evaluate("window.__xss") is None
            if not await tab.locator("a[href*='cursor=']").count():
                break
            await tab.locator("a[href*='cursor=']").click()
