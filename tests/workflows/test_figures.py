"""The worker's counts, read where Prometheus reads them."""

from dataclasses import dataclass

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from temporalio.runtime import Runtime

import worker
from activities.figures import Figures
from activities.matter.reconcile import OutboxDrain
from activities.order.record import Recorder
from domain.order.lifecycle import TaskKind
from messages.matter.step import EventRecord, TaskClosed
from messages.order.step import OrderFacts, OrderStep
from runtime.machine.ports import free_port
from runtime.settings import Settings, WrongSettings
from store.database import Store
from tests.support.office import Office, now


@dataclass
class Scraped:
    """A meter with its own port."""

    runtime: Runtime
    port: int

    def figures(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """Read our own series: value by name and labels."""
        answer = httpx2.get(f"http://127.0.0.1:{self.port}/metrics", trust_env=False)
        return {
            (
                sample.name,
                tuple(sorted((k, v) for k, v in sample.labels.items() if k not in {"service_name", "le"})),
            ): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
            if sample.name.startswith("dingdan_")
        }

    def value(self, name: str, **labels: str) -> float:
        """Return the value of one series; 0 if it does not exist."""
        return self.figures().get((f"dingdan_{name}", tuple(sorted(labels.items()))), 0)


@pytest.fixture(scope="module")
def scraped() -> Scraped:
    port = free_port(0)
    settings = Settings(database_url="sqlite:///x.db", secret_key=SecretStr("k" * 40), metrics_port=port)
    return Scraped(worker.sdk_runtime(settings), port)


class TestTheWorkersFigures:
    async def test_tell_the_way_of_an_order(self, closed_office: Office, scraped: Scraped) -> None:
        office = closed_office
        async with office.at_work(meter=scraped.runtime.metric_meter):
            order_no = await office.place()
            await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="已修好")
            await office.called_back(order_no)
            await office.result(order_no)
        finished = ("tasks_finished_total", {"kind": "first_contact", "outcome": "resolve"})
        assert scraped.value(finished[0], **finished[1]) == 1
        assert scraped.value("tasks_finished_total", kind="follow_up", outcome="reached") == 1
        assert scraped.value("orders_closed_total", ending="resolved_on_the_spot") == 1
        for stage in ("follow_up", "closed", "archived"):
            assert scraped.value("stage_entered_total", stage=stage) == 1
        assert scraped.value("messages_total", to="resident", result="sent") == 1
        steps = scraped.value("record_steps_total", result="new")
        assert steps > 2
        assert scraped.value("record_seconds_count", result="new") == steps
        assert not any(order_no in str(series) for series in scraped.figures())

    @pytest.mark.hasty
    async def test_tell_of_limits_and_of_orders_that_went_up(
        self, closed_office: Office, scraped: Scraped
    ) -> None:
        office = closed_office
        async with office.at_work(meter=scraped.runtime.metric_meter):
            order_no = await office.dispatched("community-03")
            await office.eventually(lambda: office.order(order_no)["escalations"], "an escalation")
            await office.decide(order_no, TaskKind.HANDLE, "hand_up", text="区里的事")
            await office.eventually(lambda: office.order(order_no)["escalations"] == 2, "at the district")
            await office.act(order_no, "withdraw")
            await office.result(order_no)
        assert scraped.value("limits_passed_total", kind="handle", tier="community") == 1
        assert scraped.value("orders_handed_up_total", cause="limit", tier="street") == 1
        assert scraped.value("orders_handed_up_total", cause="unit", tier="district") == 1


class TestAStep:
    def test_is_counted_when_it_is_committed_and_not_when_it_is_repeated(
        self, store: Store, closed_office: Office, scraped: Scraped
    ) -> None:
        start = closed_office.take()
        at = now()
        closed = TaskClosed(
            task_id=start.first_task.task_id, state="superseded", outcome="no such", actor="x", at=at
        )
        step = OrderStep(
            matter_no=start.order_no,
            run_id="run-1",
            seq=1,
            at=at,
            policy="standard",
            facts=OrderFacts(stage="dispatch", tier="street", unit="street"),
            events=(EventRecord(seq=2, at=at, type="OrderHandedUp", actor="system"),),
            closed=(closed,),
        )
        recorder = Recorder(store, Figures(scraped.runtime.metric_meter))
        up = scraped.value("orders_handed_up_total", cause="unit", tier="street")
        for _ in range(3):
            recorder.record(step)
        assert scraped.value("record_steps_total", result="repeated") == 2
        assert scraped.value("orders_handed_up_total", cause="unit", tier="street") == up + 1
        assert scraped.value("stage_entered_total", stage="dispatch") >= 1
        assert scraped.value("tasks_finished_total", kind="first_contact", outcome="other") == 1


class TestTheOutbox:
    async def test_is_counted_as_it_is_drained(self, closed_office: Office, scraped: Scraped) -> None:
        office = closed_office
        start = office.take()
        with office.store.write() as connection:
            connection.exec_driver_sql("UPDATE outbox SET next_at = created_at")
        async with office.at_work(meter=scraped.runtime.metric_meter):
            await office.orders.client()
            drain = OutboxDrain(
                office.store, office.orders, now, Figures(scraped.runtime.metric_meter), inputs=worker.INPUTS
            )
            await drain.drain()
            office.placed.append(start.order_no)
        assert scraped.value("outbox_drained_total", kind="start", result="sent") == 1


class TestAPortThatIsTaken:
    @pytest.mark.parametrize(("host", "port"), [("127.0.0.1", None), ("nowhere.example", 9464)])
    def test_is_named_with_what_to_do(self, scraped: Scraped, host: str, port: int | None) -> None:
        settings = Settings(
            database_url="sqlite:///x.db",
            secret_key=SecretStr("k" * 40),
            metrics_host=host,
            metrics_port=port or scraped.port,
        )
        with pytest.raises(WrongSettings, match="choose another DINGDAN_METRICS_PORT"):
            worker.sdk_runtime(settings)
