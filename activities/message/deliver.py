"""The activity `deliver`: it sends a matter's messages, in sequence, each once."""

from collections.abc import Callable
from datetime import datetime

from temporalio import activity

from activities.figures import UNCOUNTED, Figures
from activities.message.wording import words
from gateways.messaging.protocol import GatewayRefused, Message, Messenger
from messages.message.delivery import Delivered, DeliverMessages
from messages.names import DELIVER
from store.database import Store
from store.order.message import outgoing as messages


class Courier:
    """Sends the messages that `record` has written."""

    def __init__(
        self, store: Store, messenger: Messenger, now: Callable[[], datetime], figures: Figures = UNCOUNTED
    ) -> None:
        """Keep store, gateway, clock and counters."""
        self._store = store
        self._messenger = messenger
        self._now = now
        self._figures = figures

    @activity.defn(name=DELIVER)
    def deliver(self, request: DeliverMessages) -> Delivered:
        """Send the waiting messages of one matter.

        A crash between sending and marking repeats a message with the same key. A provider that is away
        (`GatewayUnavailable`) stops the sequence, and the retry goes on where it stopped. Before each message
        it looks again: a resident who has taken the order back meanwhile gets no more messages.
        """
        with self._store.read() as connection:
            waiting = messages.outgoing(connection, request.matter_no)
        taken, failed = 0, list[int]()
        reaches = self._messenger.reaches_people
        for each in waiting:
            with self._store.read() as connection:
                if not messages.still_waits(connection, each.id):
                    continue
            state = "sent" if reaches else "logged"
            try:
                self._messenger.send(
                    Message(
                        key=each.key,
                        order_no=each.order_no,
                        recipient=each.recipient,
                        template=each.template,
                        words=words(each),
                        contact=each.contact,
                    )
                )
            except GatewayRefused:
                state = "failed"
                failed.append(each.id)
            else:
                taken += 1
            with self._store.write() as connection:
                messages.mark(connection, each.id, state, now=self._now())
            self._figures.message(recipient=each.recipient, state=state)
        return Delivered(sent=taken if reaches else 0, logged=0 if reaches else taken, failed=tuple(failed))
