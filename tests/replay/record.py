"""Record histories anew from a running installation: `python -m tests.replay.record INFO NAME=ORDER_NO …`.

INFO is the file of `dingdan up --info`; the orders are fictional, and histories hold nothing personal.
"""

import asyncio
import json
import re
import sys
from pathlib import Path

from temporalio.client import WorkflowHistory

from messages.names import order_workflow_id
from runtime.temporal import connect


def write(name: str, history: WorkflowHistory) -> None:
    """Write a history as one that is replayed from now on."""
    path = Path(__file__).parent / "histories" / f"{name}.json"
    text = json.dumps(history.to_json_dict(), ensure_ascii=False, indent=1) + "\n"
    # Names of machines and processes say nothing here.
    path.write_text(re.sub(r'"[^"@]*@[^"]*"', '"worker"', text), encoding="utf-8")
    sys.stdout.write(f"{path.name}: {len(history.events)} events\n")


async def record(info: Path, wanted: dict[str, str]) -> None:
    """Fetch each order's history and write it."""
    told = json.loads(info.read_text(encoding="utf-8"))
    client = await connect(target_host=told["temporal_address"], namespace=told["namespace"])
    for name, order_no in wanted.items():
        history = await client.get_workflow_handle(order_workflow_id(order_no)).fetch_history()
        write(name, history)


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1]), dict(each.split("=", 1) for each in sys.argv[2:])))
