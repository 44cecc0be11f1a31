"""Record the histories of the demo's stories again: `python -m tests.replay.record`.

`tests.replay.paths` records other paths. This plays all stories on a temporary installation, which takes about three
minutes. Before the first release a history is replaced if a change needs it; from then on it stands for orders that
run somewhere (ADR-0012).
"""

import asyncio
import json
import re
import sys
import tempfile
from pathlib import Path

from temporalio.client import Client, WorkflowHistory

from demo.console import telling
from demo.embedded import prepare
from demo.stories import STORIES
from demo.teller import Story, Teller, tell
from messages.names import workflow_id_of
from runtime.machine.supervisor import Supervisor
from runtime.temporal import connect
from tests.support.machine.ending import end_in_order


def write(name: str, history: WorkflowHistory) -> None:
    """Write a history that is replayed from now on."""
    path = Path(__file__).parent / "histories" / f"{name}.json"
    text = json.dumps(history.to_json_dict(), ensure_ascii=False, indent=1) + "\n"
    # Names of machines and processes do not matter here.
    path.write_text(re.sub(r'"[^"@]*@[^"]*"', '"worker"', text), encoding="utf-8")
    sys.stdout.write(f"{path.name}: {len(history.events)} events\n")


async def record(story: Story, teller: Teller, client: Client) -> None:
    """Play a story to its end, and write the history of its order."""
    told = await tell(story, teller)
    handle = client.get_workflow_handle(workflow_id_of(told.order_no))
    # The order is archived a moment before its workflow has ended.
    await handle.result()
    write(story.tell.__name__.removeprefix("_"), await handle.fetch_history())


async def main() -> None:
    """Play and record all stories."""
    with tempfile.TemporaryDirectory(prefix="dingdan-record-") as folder:
        installation = await prepare(Path(folder), policy_version="seconds", port=0, report=print)
        async with Supervisor(installation.parts, say=print) as supervisor, telling(installation) as teller:
            running = asyncio.create_task(supervisor.run_until(asyncio.Event()))
            client = await connect(target_host=installation.temporal_address)
            await asyncio.gather(*(record(each, teller, client) for each in STORIES))
            running.cancel()


if __name__ == "__main__":
    end_in_order()
    asyncio.run(main())
