"""Joined orders, and the messages to their residents."""

from collections.abc import Callable
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.message.deliver import Courier
from gateways.messaging.protocol import Message
from messages.message.delivery import DeliverMessages
from store.database import Store
from tests.support.stories.stored_story import StoredStory

UNIT = "street-urban-management"
"""The unit that works on a leading order."""


class Post:
    """A provider that keeps its messages; `before` is called with each message, and may refuse it."""

    reaches_people = True

    def __init__(self, before: Callable[[Message], None] = lambda _: None) -> None:
        self.sent: list[Message] = []
        self._before = before

    def send(self, message: Message) -> None:
        """Take a message."""
        self._before(message)
        self.sent.append(message)


def delivered(order: StoredStory, post: Post) -> None:
    """Send out the messages that an order has written."""
    courier = Courier(order.store, post, lambda: order.now)
    ActivityEnvironment().run(courier.deliver, DeliverMessages(matter_no=order.order_no))


def placed(store: Store, phone: str, **changes: Any) -> StoredStory:
    """Place an order whose resident can be called."""
    return StoredStory(store, requester={"phone": phone}, category=None, **changes)


def led(store: Store, *, book: str = "seconds") -> tuple[StoredStory, StoredStory]:
    """Place a leading order that is being handled, and an order that waits for its answer."""
    leading, order = placed(store, "000-0001", book=book), placed(store, "000-0002", book=book)
    leading.to_work(UNIT)
    join(order, leading)
    return leading, order


def join(order: StoredStory, leading: StoredStory, *, by: str = "desk-1", **fields: str) -> Any:
    """Join an order to another; both hear of it."""
    merged = order.order_action("merge", by=by, leading_order_no=leading.order_no, **fields)
    leading.send_outbox()
    leading.settle()
    return merged


def answered(order: StoredStory, text: str = "已清理") -> None:
    """Let the unit report, and the reviewer approve."""
    order.decide_task("handle", "report_result", text=text)
    order.decide_task("review", "approve")


def heard(order: StoredStory) -> None:
    """Let an order hear its signals that wait in the outbox."""
    order.send_outbox()
    order.settle()
