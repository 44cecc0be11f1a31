"""Every page: its reader, and the way to it. Browser tests, figures and screenshots all go through this list.

Assumes the fictional office and a policy whose limits outlast the walk.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import httpx2
from sqlalchemy import event

from api.sessions import COOKIE
from demo.teller import Teller, Told
from domain.duty.periods import period_at
from domain.duty.policy import STANDARD_DUTIES
from domain.signin.accounts import SignInStep
from store.database import Store
from store.duty.finding import DutyFilter, list_duties
from store.duty.opening import communities_of, open_duties
from store.matter.reach import EVERYTHING
from store.matter.tasks import open_tasks
from store.signin.sessions import Method, begin_session
from tests.support.page import Page as Shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page, for `who` at this `step` of the sign-in; `at` names the part of the scene whose id the route needs.

    `sends` are the values of the forms that lead to it, one after the other; `go` is the button.
    """

    name: str
    route: str
    who: str | None = None
    step: SignInStep = SignInStep.OPEN
    at: str = ""
    query: str = ""
    sends: tuple[Mapping[str, str], ...] = ()
    status: int = 200

    def address(self, scene: Mapping[str, str]) -> str:
        """Return the path to open."""
        return re.sub(r"\{[^}]+\}", lambda _: scene[self.at], self.route) + self.query


_WHAT: Final = {
    "kind": "complaint",
    "description": "路口停放五辆废弃车辆，长期无人处理。（虚构）",
    "category": "city_appearance",
    "go": "to-2",
}
_WHERE: Final = {"community": "community-03", "address": "银杏坡东路三弄二号（虚构）", "go": "to-3"}
PAGES: Final = (
    Page(name="home", route="/"),
    Page(name="order-what", route="/order"),
    Page(name="order-where", route="/order", sends=(_WHAT,)),
    Page(name="order-who", route="/order", sends=(_WHAT, _WHERE)),
    Page(name="order-faulty", route="/order", sends=({"go": "to-2"},), status=422),
    Page(name="resident-receipt", route="/t/{tracking_code}/receipt", at="code_of_first_contact"),
    Page(name="track", route="/track"),
    Page(name="following", route="/t/{tracking_code}", at="code_of_handle"),
    Page(name="following-closed", route="/t/{tracking_code}", at="code_of_done"),
    Page(name="resident-not-found", route="/t/{tracking_code}", at="no_code", status=404),
    Page(name="sign-in", route="/signin"),
    Page(name="sign-in-code", route="/signin/code", who="leader-1", step=SignInStep.CODE),
    Page(name="sign-in-enrol", route="/signin/enrol", who="leader-1", step=SignInStep.ENROL),
    Page(name="password", route="/signin/password", who="desk-1"),
    Page(name="inbox", route="/desk", who="desk-1"),
    Page(name="inbox-empty", route="/desk", who="desk-1", query="?scope=mine"),
    Page(name="dispatch", route="/desk/dispatch", who="desk-1"),
    Page(name="new", route="/desk/new", who="duty-1"),
    Page(name="receipt", route="/desk/new/{order_no}", who="duty-1", at="taken"),
    Page(name="orders", route="/desk/orders", who="desk-1"),
    Page(name="order", route="/desk/orders/{order_no}", who="desk-1", at="order_of_handle"),
    Page(name="order-closed", route="/desk/orders/{order_no}", who="auditor-1", at="order_of_done"),
    Page(
        name="sheet",
        route="/desk/orders/{order_no}/sheet",
        who="street-urban-management-handler",
        at="order_of_handle",
    ),
    Page(name="duties", route="/desk/duties", who="leader-1"),
    Page(name="duty", route="/desk/duties/{duty_no}", who="leader-1", at="duty"),
    Page(name="figures", route="/desk/figures", who="leader-1"),
    Page(name="operations", route="/desk/operations", who="administrator-1"),
    Page(name="task-first-contact", route="/desk/tasks/{task_id}", who="duty-1", at="first_contact"),
    Page(name="task-classify", route="/desk/tasks/{task_id}", who="desk-1", at="classify"),
    Page(name="task-dispatch", route="/desk/tasks/{task_id}", who="desk-1", at="dispatch"),
    Page(
        name="task-acknowledge",
        route="/desk/tasks/{task_id}",
        who="street-urban-management-handler",
        at="acknowledge",
    ),
    Page(
        name="task-handle", route="/desk/tasks/{task_id}", who="street-urban-management-handler", at="handle"
    ),
    Page(name="task-review", route="/desk/tasks/{task_id}", who="desk-1", at="review"),
    Page(
        name="task-explain",
        route="/desk/tasks/{task_id}",
        who="street-urban-management-handler",
        at="explain",
    ),
    Page(name="task-follow-up", route="/desk/tasks/{task_id}", who="call-back-1", at="follow_up"),
    Page(name="task-plan-meeting", route="/desk/tasks/{task_id}", who="leader-1", at="plan_meeting"),
    Page(name="task-done", route="/desk/tasks/{task_id}", who="auditor-1", at="done"),
    Page(name="not-found", route="/desk/tasks/{task_id}", who="desk-1", at="nothing", status=404),
)

NO_PAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/static/{name}": "a file",
        "/t/{tracking_code}/pictures/{attachment_id}": "a picture",
        "/signin/provider": "leads to the office's provider",
        "/signin/return": "leads back from it",
        "/desk/figures/live": "what the figures of a page listen to",
        "/livez": "for probes",
        "/readyz": "for probes",
        "/metrics": "for scrapers",
    }
)
"""Other addresses that can be opened, and why they are not pages."""


LOOKS: Final[Mapping[str, tuple[str, bool]]] = MappingProxyType(
    {"phone": ("phone", False), "desktop": ("desktop", False), "large": ("phone", True)}
)
"""The looks of a screenshot: its size, and whether it is in elder mode."""


def picture(page: Page, look: str) -> str:
    """Return the file name of a page's screenshot."""
    return f"{page.name}-{look}.webp"


async def set_scene(teller: Teller, taker: Mapping[str, str], store: Store) -> dict[str, str]:
    """Place orders and bring each to a different task; return the ids that `Page.at` names.

    `taker` holds the cookies of the clerk who writes an order down for a caller.
    """
    found = await asyncio.gather(*(_stage(teller, at) for at in _STAGES))
    scene = {
        **await asyncio.to_thread(_open_meetings, store),
        "nothing": "20261123-ABCDEF-1-ABCD",
        "no_code": "0000-0000-0000-0000",
        "taken": await _take(teller.http, taker),
    }
    return scene | {name: value for part in found for name, value in part.items()}


def _open_meetings(store: Store) -> dict[str, str]:
    """Open this month's meetings unless the schedule has, and return the one of `community-01`, with its task."""
    now = datetime.now(UTC)
    period = period_at(now, STANDARD_DUTIES.rhythm)
    with store.write() as connection:
        open_duties(
            connection, communities_of(connection), period, STANDARD_DUTIES, page="/desk/duties", now=now
        )
    wanted = DutyFilter(period=period.name, community="community-01")
    with store.read() as connection:
        (duty,) = list_duties(connection, wanted, EVERYTHING, cursor=None).rows
        (task,) = open_tasks(connection, duty.duty_no)
    return {"duty": duty.duty_no, "plan_meeting": task.task_id}


async def set_anew(teller: Teller, page: Page, scene: Mapping[str, str]) -> dict[str, str]:
    """Set again the part of the scene that one page shows, for a test that changes it."""
    at = page.at.removeprefix("order_of_").removeprefix("code_of_")
    return {**scene, **(await _stage(teller, at) if at in _STAGES else {})}


async def _take(http: httpx2.AsyncClient, cookies: Mapping[str, str]) -> str:
    """Write an order down on the desk's page for new orders, and return its number."""
    said = {
        "channel": "hotline",
        "kind": "inquiry",
        "subject": "社区食堂周末开门吗（虚构）",
        "description": "想知道社区食堂周末开不开门。（本诉求为演示虚构）",
        "community": "community-01",
    }
    page = Page(name="", route="/desk/new", sends=(said,))
    taken = await (await arrive(http, page, page.route, cookies))()
    return str(taken.headers["location"]).rpartition("/")[2]


async def _stage(teller: Teller, at: str) -> dict[str, str]:
    kind = "follow_up" if at == "done" else at
    order = await bring(teller, kind)
    task = await order.task(kind)
    if at == "done":
        await order.decide("follow_up", "reached", solved="yes", satisfied="yes")
    return {at: task["task_id"], f"order_of_{at}": order.order_no, f"code_of_{at}": order.tracking_code}


_Decision = tuple[str, str, dict[str, Any]]
_REFER: _Decision = (
    "first_contact",
    "refer",
    {"text": "情况属实，建议由城市管理办公室处理。", "class": "general"},
)
_CLASSIFY: _Decision = ("classify", "general", {"category": "city_appearance"})
_DISPATCH: _Decision = ("dispatch", "assign", {"lead_unit": "street-urban-management"})
_ACCEPT: _Decision = ("acknowledge", "accept", {})
_REPORT: _Decision = ("handle", "report_result", {"text": "五辆废弃车辆已全部拖离，路口增设了禁停标志。"})
_CANNOT: _Decision = (
    "handle",
    "cannot_resolve",
    {"reason": "no_legal_basis", "text": "人行道属公共用地，不能批准。"},
)
_APPROVE: _Decision = ("review", "approve", {})
_TO_HANDLE = (_REFER, _CLASSIFY, _DISPATCH, _ACCEPT)
_WAYS: Final[Mapping[str, tuple[_Decision, ...]]] = MappingProxyType(
    {
        "first_contact": (),
        "classify": (_REFER,),
        "dispatch": (_REFER, _CLASSIFY),
        "acknowledge": (_REFER, _CLASSIFY, _DISPATCH),
        "handle": _TO_HANDLE,
        "review": (*_TO_HANDLE, _REPORT),
        "explain": (*_TO_HANDLE, _CANNOT, _APPROVE),
        "follow_up": (*_TO_HANDLE, _REPORT, _APPROVE),
    }
)
"""The decisions that lead to a task of each kind."""
_STAGES: Final = (*_WAYS, "done")


async def bring(teller: Teller, kind: str, **said: Any) -> Told:
    """Place an order and bring it to its task of this kind."""
    told = await teller.place(
        "hotline",
        {
            "kind": "complaint",
            "subject": "占道废弃车辆（虚构）",
            "description": "路口停放五辆废弃车辆，长期无人处理，影响通行。（本诉求为演示虚构）",
            "requester": {"name": "居民甲（虚构）", "phone": "000-0000-0001"},
            "place": {"community": "community-03", "address": "银杏坡东路三弄二号（虚构）"},
            **said,
        },
        pictures=1 if "handle" in (task for task, _, _ in _WAYS[kind]) else 0,
    )
    for task, outcome, fields in _WAYS[kind]:
        pictures = [await teller.picture("street-urban-management-handler")] if task == "handle" else []
        more = {"for_resident": pictures} if outcome == "report_result" else {}
        await told.decide(task, outcome, **fields, **more)
    return told


def cookies_of(
    store: Store, secret: str, who: str | None, step: SignInStep = SignInStep.OPEN
) -> dict[str, str]:
    """Sign a person in without the pages, and return the cookies that their browser would keep."""
    if who is None:
        return {}
    with store.write() as connection:
        session_id = begin_session(
            connection, who, step=step, method=Method.PASSWORD_AND_CODE, secret=secret, now=datetime.now(UTC)
        )
    return {COOKIE: session_id}


async def opened(http: httpx2.AsyncClient, address: str, cookies: Mapping[str, str]) -> httpx2.Response:
    """Open a page as a browser does."""
    return await http.get(address, headers={"Accept": "text/html", "Cookie": _cookie(cookies)})


async def arrive(
    http: httpx2.AsyncClient, page: Page, address: str, cookies: Mapping[str, str]
) -> Callable[[], Awaitable[httpx2.Response]]:
    """Go the way to a page except its last step, and return that step, to be counted and timed by itself."""
    step = partial(opened, http, address, cookies)
    for said in page.sends:
        form = Shown(await step()).form(address).sends()
        step = partial(
            http.post,
            address,
            data={**form, **said},
            headers={"Accept": "text/html", "Cookie": _cookie(cookies), "Sec-Fetch-Site": "same-origin"},
        )
    return step


def _cookie(cookies: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Note each statement that goes to a store, except those that only begin a transaction."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


MOST_STATEMENTS: Final = 10
MOST_BYTES: Final = 100 * 1024
"""The limits for a page: statements, including the door's and two that look for similar orders; bytes of the first
load without charts."""
_CHARTS: Final = "echarts"


async def weight(http: httpx2.AsyncClient, shown: httpx2.Response) -> int:
    """Return the bytes of a page's first load: the page, its style sheet and scripts, without those of charts."""
    total = len(shown.content)
    loaded = Shown(shown).all('link[href^="/static/"], script[src^="/static/"], img[src^="/static/"]')
    for path in sorted({str(each.get("href") or each["src"]) for each in loaded}):
        if _CHARTS not in path:
            total += len((await http.get(path)).content)
    return total
