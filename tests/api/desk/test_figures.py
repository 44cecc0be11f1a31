"""The leader's page: its figures match the rows, it shows nobody more than their lists do, and it is live."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from markupsafe import escape
from sqlalchemy import event, text

from api.app import create_app
from api.desk import figures
from api.desk.figures import Asked, Readings
from api.pages.navigation import WAYS, ways_of
from api.pages.rendering import texts
from api.service import Service
from api.serving import Server
from domain.figures.counting import DayWindow, window
from domain.office.words import Role
from runtime.machine.leash import leash_environment, leashed
from runtime.machine.ports import free_port
from runtime.temporal import Orders
from store.attachment.files import FileStore
from store.database import StoreUnavailable
from store.matter.reach import Scope
from store.office.people import StaffRow, put_staff
from tests.api.conftest import NO_FOLDER, SECRET, Api
from tests.support.browser import at_work
from tests.support.office import Office, now, plain
from tests.support.page import Page

ROOT = Path(__file__).parents[3]
PAGE = {"Accept": "text/html"}
PATIENCE = 60


def tile(page: str, label: str) -> str:
    """Read one of the large figures."""
    return Page(page).fact(label)


def row(page: str, section: str, name: str) -> list[str]:
    """Read the cells of a row, by its heading, in the one table of a section."""
    rows = Page(page).section(texts()["figures"][section]).rows()
    (found,) = (each for each in rows if [Page(head).text for head in each.all('th[scope="row"]')] == [name])
    return [Page(each).text for each in found.all("td")]


def spoil(office: Office, statement: str, **values: Any) -> None:
    with office.store.write() as connection:
        connection.execute(text(statement), {name: plain(value) for name, value in values.items()})


def tell(office: Office, order_no: str, seq: int, type_: str, at: datetime, data: str = "{}") -> None:
    """Write an event of an order."""
    spoil(
        office,
        "INSERT INTO event (matter_no, run_id, seq, at, type, actor, via, data, abandoned)"
        " VALUES (:no, 'run', :seq, :at, :type, 'system', 'system', :data, false)",
        no=order_no,
        seq=seq,
        type=type_,
        at=at,
        data=data,
    )


async def shown(api: Api, who: str, address: str = "/desk/figures") -> str:
    answer = await api.http.get(address, headers={**api.staff(who), **PAGE})
    assert answer.status_code == 200, answer.text
    return answer.text


class TestThePage:
    async def test_shows_the_figures_of_the_rows(self, api: Api) -> None:
        placed = [(await api.placed(key=f"key-0000000{number}"))["order_no"] for number in range(4)]
        late, answered, due, _ = placed
        at = now()
        spoil(
            api.office,
            "UPDATE matter SET stage = 'handling', unit = 'street-safety', tier = 'street', due_at = NULL",
        )
        spoil(
            api.office,
            "UPDATE matter SET due_at = :at, promised_at = :at WHERE matter_no = :no",
            no=late,
            at=at - timedelta(seconds=2),
        )
        spoil(api.office, "UPDATE matter SET stage = 'closed' WHERE matter_no = :no", no=answered)
        spoil(api.office, "UPDATE orders SET ending = 'resolved' WHERE order_no = :no", no=answered)
        end_of_day = window(1, now=at)[0].ends
        spoil(
            api.office,
            "UPDATE matter SET due_at = :at WHERE matter_no = :no",
            no=due,
            at=end_of_day - timedelta(microseconds=1),
        )
        for seq, (type_, data) in enumerate(
            [("OrderReplied", "{}"), ("FollowUpEnded", '{"satisfied": "basically"}'), ("OrderClosed", "{}")]
        ):
            tell(api.office, answered, seq + 2, type_, at, data)
        page = await shown(api, "auditor-1")
        labels = ("今日新增", "在办", "今日到期", "已超期", "按时率", "满意率")
        assert [tile(page, label) for label in labels] == ["4", "3", "1", "1", "50.0% 1/2", "100.0% 1/1"]
        (name,) = api.office.rows("SELECT name FROM unit WHERE code = 'street-safety'")
        assert row(page, "by_unit", name["name"]) == ["3", "1", "1", "50.0% 1/2"]
        assert row(page, "by_tier", "街道") == ["3", "1", "1", "50.0% 1/2"]
        assert row(page, "by_stage", texts()["stages"]["handling"]) == ["3", "1", "1"]
        today = window(1, now=at)[0].on
        assert row(page, "by_day", f"{today.month}月{today.day}日") == ["4", "1"]
        assert row(page, "satisfaction", "基本满意") == ["1"]
        for link in ("overdue=true", "unit=street-safety", "overdue=true&tier=street", "stage=handling"):
            assert f"/desk/orders?{link}&open=true" in Page(page).links, link

    async def test_counts_within_the_readers_reach_alone(self, api: Api) -> None:
        await api.placed()
        with api.office.store.write() as connection:
            put_staff(
                connection,
                [
                    StaffRow(
                        username="safety-head", name="虚构", unit="street-safety", roles=(Role.UNIT_HEAD,)
                    )
                ],
            )
        assert tile(await shown(api, "safety-head"), "今日新增") == "0"
        assert tile(await shown(api, "desk-1"), "今日新增") == "1"
        spoil(api.office, "UPDATE task SET unit = 'street-safety'")
        assert tile(await shown(api, "safety-head"), "今日新增") == "1"

    async def test_looks_back_as_far_as_somebody_wants(self, api: Api) -> None:
        for days in DayWindow:
            page = await shown(api, "desk-1", f"/desk/figures?days={days.value}")
            assert Page(page).chosen("days") == str(days.value)
            assert len(Page(page).part("#by-day").rows()) == days.value
        wrong = await api.http.get("/desk/figures?days=8", headers={**api.staff("desk-1"), **PAGE})
        assert wrong.status_code == 422

    async def test_shows_a_units_name_as_text(self, api: Api) -> None:
        hostile = "</script><script>alert(1)</script>"
        spoil(api.office, "UPDATE unit SET name = :name", name=hostile)
        await api.placed()
        page = await shown(api, "desk-1")
        assert "<script>alert" not in page
        assert str(escape(hostile)) in page

    async def test_draws_charts_only_from_tables_that_stand_there(self, api: Api) -> None:
        await api.placed()
        page = Page(await shown(api, "desk-1"))
        tables = {each["id"]: each["data-chart"] for each in page.all("table[data-chart]")}
        drawn = {each["data-table"] for each in page.all("[data-table]")}
        assert drawn == set(tables) == {"units", "tiers", "by-day", "satisfied"}
        assert set(tables.values()) == {"bars", "lines"}
        assert [len(each.select("caption")) for each in page.all("table")] == [1] * 5
        scripts = page.all("script")
        assert len(scripts) == 4
        for script in scripts:
            assert set(script.attrs) <= {"src", "defer"}
            assert not script.contents, "it is loaded, and not written into the page"
            answer = await api.http.get(str(script["src"]))
            assert answer.headers["content-type"].startswith("text/javascript")

    async def test_is_offered_to_whom_it_is_open(self, api: Api) -> None:
        for who, offered in (
            ("auditor-1", {"/desk", "/desk/orders", "/desk/duties", "/desk/figures"}),
            ("duty-1", {"/desk", "/desk/orders", "/desk/new"}),
        ):
            browser = await at_work(api, who)
            bar = Page(await browser.get("/desk")).part("header nav")
            assert set(bar.links) == offered, who
            for address in offered:
                assert (await browser.get(address)).status_code == 200
        assert ways_of({Role.ADMINISTRATOR}) == ("/desk/operations",)
        assert set(WAYS) == set(texts()["ways"])


class Stream:
    """The events of one listener, one after the other."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self) -> tuple[str, str] | None:
        """Wait for the next event: its name and its data; `None` at the end of the stream."""
        name, data = "message", []
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data.append(line.removeprefix("data: "))
                elif not line and data:
                    return name, "\n".join(data)
        return None


@asynccontextmanager
async def listening(url: str, cookies: dict[str, str], query: str = "") -> AsyncIterator[Stream]:
    """Listen as a browser that shows the page does."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    transport = httpx2.AsyncHTTPTransport(retries=20)
    async with (
        httpx2.AsyncClient(transport=transport, trust_env=False, timeout=PATIENCE) as http,
        http.stream("GET", f"{url}/desk/figures/live{query}", headers={"Cookie": cookie}) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "no-" in answer.headers["cache-control"]
        yield Stream(answer.aiter_lines())


def service_of(office: Office) -> Service:
    return Service(
        store=office.store,
        files=FileStore(NO_FOLDER),
        orders=Orders(),
        secret=SECRET,
        policy="standard",
        public_url="http://office.example",
        threads=4,
    )


@asynccontextmanager
async def served(office: Office) -> AsyncIterator[str]:
    """Serve the application at a port, since a stream needs a real server."""
    port = free_port(0)
    server = Server(create_app(service_of(office)), port=port)
    serving = asyncio.create_task(server.serve())
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every look cause a new reading."""
    monkeypatch.setattr(figures, "ROUND", 0.0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let listeners look ten times as often."""
    monkeypatch.setattr(figures, "ROUND", 0.3)


@pytest.mark.usefixtures("quick")
class TestTheLiveFigures:
    async def test_come_at_once_and_again_when_an_order_is_placed(self, api: Api) -> None:
        browser = await at_work(api, "desk-1")
        async with served(api.office) as url, listening(url, browser.cookies) as stream:
            first = await stream.next()
            assert first
            assert (first[0], tile(first[1], "今日新增")) == ("message", "0")
            await api.placed()
            second = await stream.next()
            assert second
            assert tile(second[1], "今日新增") == "1"

    @pytest.mark.parametrize(
        ("how", "statement"),
        [
            ("signed out", ""),
            ("idle", "UPDATE session SET seen_at = :ago"),
            ("too long ago", "UPDATE session SET begun_at = :ago"),
            ("left the office", "UPDATE staff SET active = false WHERE username = 'desk-1'"),
            ("without the role", "DELETE FROM staff_role WHERE username = 'desk-1'"),
        ],
    )
    async def test_end_with_the_session(self, api: Api, how: str, statement: str) -> None:
        browser = await at_work(api, "desk-1")
        async with served(api.office) as url, listening(url, browser.cookies) as stream:
            assert await stream.next(), how
            if statement:
                ago = {"ago": now() - timedelta(days=1)} if ":ago" in statement else {}
                spoil(api.office, statement, **ago)
            else:
                out = await browser.press("/desk/figures", "/signin/out")
                assert out.status_code == 303
            assert await stream.next() == ("ended", "ended"), how
            assert await stream.next() is None, how

    async def test_are_not_sent_to_more_pages_of_one_person_than_they_look_at(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(figures, "MOST_STREAMS", 1)
        browser, other = await at_work(api, "desk-1"), await at_work(api, "desk-2")

        async def knock() -> int:
            async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
                cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
                address = f"{url}/desk/figures/live"
                async with http.stream("GET", address, headers={"Cookie": cookie}) as answer:
                    return answer.status_code

        async with served(api.office) as url:
            async with listening(url, browser.cookies) as stream, listening(url, other.cookies) as theirs:
                assert await stream.next()
                assert await theirs.next(), "somebody else's count by themselves"
                assert await knock() == 429

            async def let_in() -> list[str]:
                return ["in"] if await knock() == 200 else []

            await api.office.eventually_async(let_in, "in")

    async def test_are_no_use_of_the_session(self, api: Api) -> None:
        """Otherwise a page that nobody looks at would keep its session for the whole day."""
        browser = await at_work(api, "desk-1")
        spoil(api.office, "UPDATE session SET seen_at = :ago", ago=now() - timedelta(minutes=5))
        async with served(api.office) as url, listening(url, browser.cookies) as stream:
            assert await stream.next()
            # Opening the page was a use of the session; listening afterwards is none.
            spoil(api.office, "UPDATE session SET seen_at = :ago", ago=now() - timedelta(minutes=5))
            await api.placed()
            assert await stream.next()
        (kept,) = api.office.rows("SELECT seen_at FROM session")
        assert datetime.fromisoformat(kept["seen_at"]).replace(tzinfo=now().tzinfo) < now() - timedelta(
            minutes=4
        )

    async def test_are_read_once_by_pages_that_are_opened_within_a_round(self, api: Api) -> None:
        browser, other = await at_work(api, "desk-1"), await at_work(api, "desk-2")
        first = (await browser.get("/desk/figures")).text
        await api.placed()
        assert tile((await other.get("/desk/figures")).text, "今日新增") == tile(first, "今日新增") == "0"

        async def counted() -> list[str]:
            return [str(tile((await other.get("/desk/figures")).text, "今日新增"))]

        await api.office.eventually_async(counted, "1")

    async def test_are_read_once_for_all_who_look_at_the_same(self, api: Api) -> None:
        read: list[object] = []
        service = service_of(api.office)

        @event.listens_for(api.office.store.engine, "begin")
        def count(connection: object) -> None:
            read.append(connection)

        readings, everything = Readings(), Scope(everything=True)
        same = Asked(scope=everything, days=DayWindow.WEEK)
        shown = await asyncio.gather(*(readings.read(service, same) for _ in range(20)))
        assert len(read) == 1
        assert all(each is shown[0] for each in shown)
        for other in (
            Asked(scope=Scope(unit="street"), days=DayWindow.WEEK),
            Asked(scope=everything, days=DayWindow.MONTH),
        ):
            assert await readings.read(service, other) is not shown[0]

    async def test_are_given_once_to_a_token(self, api: Api) -> None:
        """A token has no session whose end could be noticed."""
        answer = await api.http.get("/desk/figures/live", headers=api.staff("desk-1"))
        assert answer.text.count("data: <dl") == 1
        assert "event: ended" not in answer.text

    async def test_go_on_when_the_store_was_away_for_a_moment(self, api: Api) -> None:
        browser = await at_work(api, "desk-1")
        async with served(api.office) as url, listening(url, browser.cookies) as stream:
            assert await stream.next()
            tried = 0

            def away(_store: object) -> object:
                nonlocal tried
                tried += 1
                raise StoreUnavailable("OperationalError")

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(type(api.office.store), "read", away)
                await api.office.eventually(lambda: tried > 1, "two rounds without the store")
            await api.placed()
            second = await stream.next()
            assert second
            assert tile(second[1], "今日新增") == "1"


class TestAProcess:
    async def test_ends_while_somebody_listens(self, api: Api, tmp_path: Path) -> None:
        browser = await at_work(api, "desk-1")
        with process_of(api.office, tmp_path) as (url, process):
            async with listening(url, browser.cookies) as stream:
                assert await stream.next()
                process.send_signal(signal.SIGTERM)
                ended = await asyncio.to_thread(process.wait, PATIENCE)
        # The server shuts down in order, and then ends by the signal that it got.
        assert ended == -signal.SIGTERM
        assert "Traceback" not in (tmp_path / "api.log").read_text(encoding="utf-8")


@contextmanager
def process_of(office: Office, folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run the API as `dingdan api` does."""
    port = free_port(0)
    environment = {
        **os.environ,
        **leash_environment(),
        "DINGDAN_DATABASE_URL": office.store.engine.url.render_as_string(hide_password=False),
        "DINGDAN_SECRET_KEY": SECRET,
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
    }
    with (folder / "api.log").open("wb") as log:
        command = leashed([sys.executable, "-m", "cli", "api", "--port", str(port)])
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()
            process.wait()
