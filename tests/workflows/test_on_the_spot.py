"""The order that is answered on the spot."""

from domain.lifecycle import TaskKind
from tests.support.office import Office


class TestAnOrderAnsweredOnTheSpot:
    """First contact resolves, the resident is called back, the window passes."""

    async def test_ends_resolved_and_called_back(self, office: Office) -> None:
        """From intake to archive, with its events in the store."""
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="带身份证到社区服务中心办理。")
        await office.decide(order_no, TaskKind.FOLLOW_UP, "reached", solved="yes", satisfied="yes")
        result = await office.result(order_no)
        assert result.ending == "resolved_on_the_spot"
        print([e["type"] for e in office.events(order_no)])
        h = await office.handle(order_no).fetch_history()
        print(len(h.events))
