"""Stories played with clicks alone, at a desk and on a phone."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

import pyotp
import pytest
from playwright.async_api import Locator
from playwright.async_api import Page as Tab

from demo.teller import Told
from tests.browser.browsing import SIZES, Site
from tests.support.photographs import photograph

COLOURS: Final = ("green", "red", "blue", "white", "black", "grey", "orange", "brown", "pink")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One turn of a story: a person, and the values that they type and choose by the labels of the page."""

    who: str
    kind: str
    button: str
    writes: dict[str, str] = field(default_factory=dict)
    chooses: dict[str, str] = field(default_factory=dict)
    pictures: int = 0


RESOLVED: Final = (
    Turn(
        who="duty-1",
        kind="first_contact",
        button="提出初步意见并上报",
        writes={"初步受理意见": "情况属实，按一般件受理。"},
        chooses={"建议分类": "一般件"},
    ),
    Turn(
        who="desk-1",
        kind="classify",
        button="只分类，以后派单",
        chooses={"分类": "一般件", "诉求类别": "市容环境"},
    ),
    Turn(who="desk-1", kind="dispatch", button="派给承办单位", chooses={"承办单位": "城市管理办公室"}),
    Turn(who="street-urban-management-handler", kind="acknowledge", button="签收"),
    Turn(
        who="street-urban-management-handler",
        kind="handle",
        button="反馈办理结果",
        writes={"给居民的答复": "五辆废弃车辆已全部拖离。"},
        pictures=1,
    ),
    Turn(who="desk-1", kind="review", button="同意"),
    Turn(
        who="call-back-1", kind="follow_up", button="已联系上", chooses={"是否解决": "是", "是否满意": "是"}
    ),
)


def pictures_of(count: int) -> Any:
    """Make files as a camera would."""
    return [
        {"name": f"{each}.jpg", "mimeType": "image/jpeg", "buffer": photograph(colour=each)}
        for each in COLOURS[:count]
    ]


async def choose(form: Locator, label: str, words: str) -> None:
    """Choose among few choices, or unfold the list of many."""
    few = form.get_by_role("radiogroup", name=label, exact=True)
    if await few.count():
        await few.get_by_label(words).check()
    else:
        await form.get_by_label(label).select_option(label=words)


async def find_in_inbox(tab: Tab, task_id: str) -> None:
    """Turn the pages of the inbox until the task is there, and open it."""
    await tab.goto("/desk")
    link = tab.locator(f"a[href^='/desk/tasks/{task_id}']")
    while not await link.count():
        await tab.get_by_role("link", name="下一页").click()
    await link.click()


async def play(site: Site, told: Told, turn: Turn, size: str) -> None:
    """Let the person take their turn."""
    task = await told.task(turn.kind)
    async with site.seated(turn.who, size=size) as tab:
        await find_in_inbox(tab, task["task_id"])
        form = tab.locator("form", has=tab.locator("button", has_text=re.compile(f"^{turn.button}$")))
        if not await form.is_visible():
            await tab.locator("summary", has_text=re.compile(f"^{turn.button}$")).click()
        for label, words in turn.writes.items():
            await form.get_by_label(label).fill(words)
        for label, words in turn.chooses.items():
            await choose(form, label, words)
        if turn.pictures:
            await form.get_by_label("给居民看的照片").set_input_files(pictures_of(turn.pictures))
        await form.get_by_role("button", name=turn.button, exact=True).click()
        await tab.wait_for_url("**done=applied*")
        assert told.order_no in await tab.get_by_role("status").inner_text()


async def place(site: Site, size: str) -> Told:
    """Place an order as a resident, from the first page to the receipt."""
    async with site.seated(size=size) as tab:
        await tab.goto("/")
        await tab.get_by_role("link", name="我要反映").click()
        await tab.get_by_label("投诉").check()
        await tab.get_by_label("什么事").fill("路口停放五辆废弃车辆。（虚构）")
        await tab.get_by_label("照片").set_input_files(pictures_of(1))
        await tab.get_by_role("button", name="下一步").click()
        await tab.get_by_label("详细地点").fill("银杏坡东路三弄二号（虚构）")
        await tab.get_by_role("button", name="下一步").click()
        await tab.get_by_label("联系电话").fill("000-0000-0001")
        await tab.get_by_role("button", name="提交").click()
        await tab.wait_for_url("**/t/*/receipt")
        code = (await tab.locator(".code").inner_text()).strip()
        order_no = (await tab.locator("dd").first.inner_text()).strip()
    return Told(teller=site.teller, order_no=order_no, tracking_code=code)


async def follow(site: Site, told: Told, size: str, action: str, button: str, **writes: str) -> None:
    """Open an order as its resident, by the code, and act on it."""
    async with site.seated(size=size) as tab:
        await tab.goto("/track")
        await tab.get_by_label("查询码").fill(told.tracking_code.lower().replace("-", " "))
        await tab.get_by_role("button", name="查一查").click()
        await tab.wait_for_url(f"**/t/{told.tracking_code}")
        form = tab.locator(f"#{action}")
        if await form.get_attribute("open") is None:
            await form.locator("summary").click()
        for label, words in writes.items():
            await form.get_by_label(label).fill(words)
        for each in await form.locator("fieldset").all():
            await each.locator("input").first.check()
        await form.get_by_role("button", name=button).click()
        await tab.get_by_role("status").wait_for()


@pytest.mark.parametrize("size", [*SIZES, "plain"])
async def test_an_order_is_brought_to_its_end_by_hand(site: Site, size: str) -> None:
    """Placed, referred, classified, dispatched, accepted, handled with a picture, reviewed, called back, rated."""
    told = await place(site, size)
    await follow(site, told, size, "supplement", "提交补充", 补充什么="又多了一辆。")
    for turn in RESOLVED:
        await play(site, told, turn, size)
    await told.reaches("closed")
    assert (await told.order())["ending"] == "resolved"
    await follow(site, told, size, "rate", "提交评价")
    assert "OrderRated" in [each["type"] for each in await told.events()]
    async with site.seated(size=size) as tab:
        await tab.goto(f"/t/{told.tracking_code}")
        assert "五辆废弃车辆已全部拖离。" in await tab.locator(".reply").inner_text()


async def test_a_call_is_taken_and_answered_on_the_spot(site: Site) -> None:
    async with site.seated("duty-1") as tab:
        await tab.goto("/desk/new")
        await tab.get_by_label("来自").select_option(label="热线")
        await tab.get_by_label("性质").select_option(label="咨询")
        await tab.get_by_label("诉求内容").fill("社区食堂周末开不开门？（虚构）")
        await tab.get_by_label("电话").fill("000-0000-0002")
        await tab.get_by_role("button", name="登记").click()
        await tab.wait_for_url("**/desk/new/*")
        order_no = tab.url.rpartition("/")[2]
        await tab.get_by_role("link", name="现在答复").click()
        await tab.get_by_label("答复内容").fill("周末照常开放。")
        await tab.get_by_role("button", name="当场答复").click()
        await tab.wait_for_url("**done=applied*")
        await tab.goto(f"/desk/orders?q={order_no}")
        await tab.get_by_role("link", name=order_no).click()
        await tab.wait_for_url("**/desk/orders/*")
        assert "周末照常开放。" in await tab.locator("main").inner_text()


async def test_a_leader_signs_in_with_two_factors(site: Site) -> None:
    """The whole way: password, enrolling, out, password and code; the browser keeps our cookies for this machine."""
    password = site.teller.installation.passwords["district-desk-1"]
    async with site.seated() as tab:

        async def give_password() -> None:
            await tab.get_by_label("用户名").fill("district-desk-1")
            await tab.get_by_label("密码").fill(password)
            await tab.get_by_role("button", name="登录").click()

        await tab.goto("/desk")
        await tab.wait_for_url("**/signin?goes_to=*")
        await give_password()
        await tab.wait_for_url("**/signin/enrol*")
        shared = (await tab.locator("main strong").inner_text()).replace(" ", "")
        await tab.get_by_label("六位数字").fill(pyotp.TOTP(shared).now())
        await tab.get_by_role("button", name="登录").click()
        await tab.wait_for_url("**/desk")
        (kept,) = [each for each in await tab.context.cookies() if each.get("name", "").startswith("__Host-")]
        assert (kept.get("secure"), kept.get("httpOnly"), kept.get("sameSite")) == (True, True, "Lax")

        await tab.locator(".bar summary").click()
        await tab.get_by_role("button", name="退出").click()
        await tab.wait_for_url("**/signin")
        await give_password()
        await tab.wait_for_url("**/signin/code*")
        await tab.get_by_label("六位数字").fill("000000")
        await tab.get_by_role("button", name="登录").click()
        assert await tab.get_by_role("alert").count() == 1
