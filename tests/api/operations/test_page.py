"""The operators' page: what is stuck, since when, and what to do, whichever part is away."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from temporalio.testing import ActivityEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.message.deliver import Courier
from api.pages.rendering import texts
from domain.order.lifecycle import TaskKind
from gateways.messaging.chosen import messenger
from messages.message.delivery import Delivered, DeliverMessages
from runtime.temporal import Orders
from runtime.troubles import Trouble
from store.matter.tables import message
from tests.api.conftest import Api, api_of
from tests.api.desk.test_figures import PAGE, spoil, tell, tile
from tests.api.operations.test_operations import client_of
from tests.support.office import now
from tests.support.page import Page
from tests.workflows.mending.test_check import BrokenOrder

ROOT = Path(__file__).parents[3]
OPERATIONS = texts()["operations"]
HOUR = timedelta(hours=1)


async def look(api: Api, **more: Any) -> str:
    answer = await api.http.get("/desk/operations", headers={**api.staff("administrator-1"), **PAGE}, **more)
    assert answer.status_code == 200, answer.text
    return answer.text


def found(page: str) -> dict[tuple[str, str], Page]:
    """Read the findings: map order and finding to the entry; each kind says once what to do."""
    read = {}
    for code, said in OPERATIONS["findings"].items():
        for section in (Page(each) for each in Page(page).all(f'section[aria-labelledby="finding-{code}"]')):
            assert section.part("h2").text == said
            assert section.text.count(OPERATIONS["remedies"][code]) == 1
            assert OPERATIONS["headings"][code] in section.text
            for entry in section.all(".numbers li"):
                order_no = re.match(r"\d{8}-[0-9A-Z]{6}\b", Page(entry).text)
                assert order_no
                read[order_no[0], code] = Page(entry)
    return read


class TestThePage:
    async def test_says_that_nothing_is_wrong(self, live: Api) -> None:
        order_no = (await live.placed())["order_no"]
        await live.office.task(order_no, TaskKind.FIRST_CONTACT)
        page = await look(live)
        assert order_no not in page
        assert (tile(page, "Temporal"), tile(page, OPERATIONS["worker"])) == ("正常", "正常")

    async def test_leads_to_the_workflow_of_an_order_and_shows_nothing_of_it(self, api: Api) -> None:
        order_no = (await api.placed(subject="路灯坏了"))["order_no"]
        async with api_of(api.office, api.office.orders, temporal_ui="http://ui.example/") as http:
            shown = await http.get(
                f"/desk/operations?order_no={order_no.lower()}",
                headers={**api.staff("administrator-1"), **PAGE},
            )
        workflow = re.compile(rf"http://ui\.example/namespaces/[^/]+/workflows/order-{order_no}")
        assert len([each for each in Page(shown).links if workflow.fullmatch(each)]) == 1
        assert "路灯坏了" not in shown.text
        assert OPERATIONS["no_link"] in await look(api, params={"order_no": order_no})

    async def test_names_what_has_waited_for_a_minute_and_not_before(self, api: Api) -> None:
        """Nothing is sent to Temporal: a start, a decision and its signal wait, and a limit passes."""
        start = api.office.take()
        task = await api.office.task(start.order_no, TaskKind.FIRST_CONTACT)
        api.office.submit(task, "resolve", text="答复王小明")
        assert found(await look(api)) == {}
        spoil(api.office, "UPDATE decision SET decided_at = :ago", ago=now() - HOUR)
        spoil(api.office, "UPDATE outbox SET created_at = :ago", ago=now() - HOUR)
        page = await look(api)
        assert set(found(page)) == {(start.order_no, "outbox"), (start.order_no, "decision")}
        assert tile(page, OPERATIONS["backlog"]) == "2"
        assert "王小明" not in page
        spoil(api.office, "UPDATE outbox SET done_at = created_at")
        assert set(found(await look(api))) == {(start.order_no, "missing")}

    async def test_names_a_limit_that_nobody_acts_on_and_what_is_to_blame(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        spoil(api.office, "UPDATE matter SET due_at = :ago", ago=now() - HOUR)
        page = await look(api)
        assert set(found(page)) == {(order_no, "late")}
        assert OPERATIONS["remedies"]["no_worker"] in page
        spoil(api.office, "UPDATE matter SET held = true")
        assert found(await look(api)) == {}

    async def test_lets_a_limit_rest_while_a_request_is_reviewed(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        spoil(api.office, "UPDATE matter SET due_at = :ago", ago=now() - HOUR)
        spoil(api.office, "UPDATE task SET kind = 'review', due_at = :soon", soon=now() + HOUR)
        assert found(await look(api)) == {}
        spoil(api.office, "UPDATE task SET due_at = :ago", ago=now() - HOUR)
        assert set(found(await look(api))) == {(order_no, "late")}

    async def test_names_messages_that_were_not_delivered_lately(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        for seq, ago in ((8, 8 * 24 * HOUR), (9, HOUR)):
            tell(api.office, order_no, seq, "MessagesUndelivered", now() - ago)
        page = await look(api)
        assert set(found(page)) == {(order_no, "undelivered")}
        assert page.count(OPERATIONS["findings"]["undelivered"]) == 1

    async def test_says_that_nobody_is_told_while_messages_go_to_the_log_alone(self, api: Api) -> None:
        assert OPERATIONS["remedies"]["nobody_told"] not in await look(api)
        order_no = (await api.placed())["order_no"]
        courier = Courier(api.office.store, messenger(), now)
        written = {
            "run_id": "r",
            "event_seq": 1,
            "recipient": "requester",
            "template": "accepted",
            "data": {},
        }
        of_it = {"matter_no": order_no, "for_matter": order_no, "state": "pending", "created_at": now()}
        with api.office.store.write() as connection:
            connection.execute(insert(message).values({**written, **of_it}))
        said = ActivityEnvironment().run(courier.deliver, DeliverMessages(matter_no=order_no))
        assert said == Delivered(sent=0, logged=1)
        assert api.office.rows("SELECT state FROM message") == [{"state": "logged"}]
        assert OPERATIONS["remedies"]["nobody_told"] in await look(api)
        order = (await api.http.get(f"/api/v1/orders/{order_no}", headers=api.staff("desk-1"))).json()
        assert (order["logged_messages"], order["undelivered_messages"]) == (1, 0)

    async def test_names_a_workflow_whose_task_fails_with_a_way_to_look_at_it(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        broken = Worker(
            api.office.client,
            task_queue=api.office.queue,
            workflows=[BrokenOrder],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        spoil(api.office, "UPDATE matter SET due_at = :ago", ago=now() - HOUR)
        async with broken, api_of(api.office, api.office.orders, temporal_ui="http://ui.example/") as http:
            await api.office.eventually_async(lambda: api.office.history(order_no), "WORKFLOW_TASK_FAILED")
            api.http = http
            read = found(await look(api))
        assert set(read) == {(order_no, "task_fails")}
        address = f"http://ui.example/namespaces/{api.office.client.namespace}/workflows/order-{order_no}"
        row = read[order_no, "task_fails"]
        assert address in row.links
        assert "月" in row.text, "since when"
        await api.office.handle(order_no).terminate("the test is over")

    async def test_names_an_order_that_was_ended_by_force_while_it_is_open(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        await api.office.handle(order_no).terminate("by mistake")

        async def named() -> list[str]:
            return [code for number, code in found(await look(api)) if number == order_no]

        await api.office.eventually_async(named, "ended_by_force")
        spoil(api.office, "UPDATE matter SET stage = 'archived'")
        assert await named() == []

    async def test_says_that_temporal_is_away_and_shows_what_the_store_knows(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        spoil(api.office, "UPDATE matter SET due_at = :ago", ago=now() - HOUR)
        nowhere = Orders(await client_of(api.office.client, "nowhere"))
        async with api_of(api.office, nowhere) as http:
            api.http = http
            page = await look(api)
        assert set(found(page)) == {(order_no, "late")}
        assert OPERATIONS["away"] in page
        assert "run: dingdan setup" in page


class TestTheWords:
    def test_lead_to_headings_of_the_runbooks(self) -> None:
        headings = re.findall(
            r"^##+ (.+)$", (ROOT / "docs/runbooks.md").read_text(encoding="utf-8"), re.MULTILINE
        )
        assert set(OPERATIONS["headings"].values()) <= set(headings)

    def test_are_there_for_whatever_may_be_found(self) -> None:
        codes = set(OPERATIONS["findings"])
        assert {str(each) for each in Trouble} <= codes
        assert codes <= set(OPERATIONS["remedies"]) & set(OPERATIONS["headings"])
