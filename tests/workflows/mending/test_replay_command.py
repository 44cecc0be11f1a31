"""Replaying running matters before a new version is rolled out: rules count as well as commands."""

from dataclasses import replace

import pytest

import worker
from domain.order import policy
from messages.names import order_workflow_id
from runtime.replaying import replay_running
from tests.support.office import Office


async def broken(office: Office, *order_nos: str) -> dict[str, str]:
    """Replay the running workflows, and return the findings on these orders only."""
    ids = {order_workflow_id(each) for each in order_nos}
    found = [
        each async for each in replay_running(office.client, worker.replayer()) if each.workflow_id in ids
    ]
    assert {each.workflow_id for each in found} == ids
    return {each.workflow_id: each.broke for each in found if each.broke is not None}


class TestAVersion:
    async def test_that_tightens_a_rule_is_found_by_the_orders_that_leaned_on_it(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An urge that the new rule does not hear sends no message, so the commands differ."""
        urged, quiet = await office.place(), await office.place()
        await office.settled(await office.act(urged, "urge"))
        assert await broken(office, urged, quiet) == {}
        strict = replace(policy.BOOKS[office.policy], action_cap=0)
        monkeypatch.setitem(policy.BOOKS, office.policy, strict)
        assert list(await broken(office, urged, quiet)) == [order_workflow_id(urged)]
        monkeypatch.undo()
        for order_no in (urged, quiet):
            await office.act(order_no, "withdraw")
            await office.result(order_no)
