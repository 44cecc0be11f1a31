"""`dingdan check` and `dingdan rebuild`, as an operator runs them."""

import asyncio
import os
import sys
from pathlib import Path

from sqlalchemy import text

from messages.names import NAMESPACE
from tests.support.office import Office

ROOT = Path(__file__).parents[2]


async def dingdan(office: Office, *arguments: str, address: str | None = None) -> tuple[int, str]:
    """Run the command in a process of its own; gives its exit code and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", *arguments),
        cwd=ROOT,
        env={
            **os.environ,
            "DINGDAN_DATABASE_URL": office.store.engine.url.render_as_string(hide_password=False),
            "DINGDAN_SECRET_KEY": "k" * 40,
            "TEMPORAL_ADDRESS": address or office.client.service_client.config.target_host,
            "TEMPORAL_NAMESPACE": NAMESPACE,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


class TestCheckAndRebuild:
    async def test_find_what_is_damaged_and_mend_it(self, office: Office) -> None:
        office.policy = "standard"
        order_no = await office.dispatched()
        assert await dingdan(office, "check", "--order-no", order_no) == (
            0,
            "1 order(s) looked at, 0 finding(s)\n",
        )
        with office.store.write() as connection:
            connection.execute(text("UPDATE orders SET stage = 'dispatch'"))
        code, said = await dingdan(office, "check", "--order-no", order_no)
        assert (code, said.splitlines()[0]) == (
            1,
            f"{order_no}: it shows another stage than its history; run: dingdan rebuild {order_no}",
        )
        code, said = await dingdan(office, "rebuild", order_no, "--dry-run")
        assert (code, office.order(order_no)["stage"]) == (0, "dispatch")
        code, said = await dingdan(office, "rebuild", "--all")
        assert (code, office.order(order_no)["stage"]) == (0, "handling")
        assert said.rstrip().endswith("rows that differed: 1 in orders")
        code, said = await dingdan(office, "rebuild", order_no)
        assert said.rstrip().endswith("step(s), whole")

    async def test_show_no_more_than_is_asked_for_and_say_so(self, office: Office) -> None:
        named = [word for _ in range(3) for word in ("--order-no", office.take().order_no)]
        code, said = await dingdan(office, "check", *named, "--limit", "2")
        found, stopped = said.splitlines()[:-1], said.splitlines()[-1]
        assert (code, len(found)) == (1, 2)
        assert stopped == "stopped at 2 findings; there may be more: --limit"
        code, said = await dingdan(office, "check", *named, "--limit", "4")
        assert (code, said.splitlines()[-1]) == (1, "3 order(s) looked at, 3 finding(s)")

    async def test_change_nothing_when_they_cannot_go_on(self, office: Office) -> None:
        code, said = await dingdan(office, "rebuild", "20200101-ABSENT")
        assert (code, "Temporal has no history of it" in said) == (1, True)
        code, said = await dingdan(office, "rebuild")
        assert (code, "name the orders, or say --all" in said) == (2, True)
        code, said = await dingdan(office, "check", address="127.0.0.1:9")
        assert (code, "nothing can be compared: no Temporal server answers" in said) == (2, True)
