"""The order or decision that refers to an attachment."""

import pytest
from sqlalchemy import text

from domain.doors import CredentialKind
from store.attachment.attachments import UnusableAttachment, Uploader, add, bind, find
from store.attachment.files import KeptFile
from store.database import Connection, Store
from store.deciding import submit_decision
from store.office.people import find_staff
from tests.store.taking import take
from tests.support.office import now

MINE = Uploader(kind=CredentialKind.STAFF, name="duty-1")


def decided(connection: Connection, order_no: str, decision_id: str) -> None:
    staff = find_staff(connection, MINE.name, now=now())
    assert staff is not None
    task_id = connection.scalar(text("SELECT task_id FROM task WHERE matter_no = :no"), {"no": order_no})
    submit_decision(
        connection,
        task_id=task_id,
        decision_id=decision_id,
        outcome="resolve",
        fields={"text": "答复"},
        comment=None,
        staff=staff,
        now=now(),
    )


class TestAFileOfADecision:
    def test_that_the_order_refused_is_its_senders_to_use_again_there(self, store: Store) -> None:
        order_no, other = take(store).order_no, take(store).order_no
        with store.write() as connection:
            decided(connection, order_no, "first")
            file = add(
                connection,
                KeptFile(sha256="0" * 64, size=1),
                media_type="image/png",
                uploader=MINE,
                now=now(),
            )
            bind(connection, [file], uploaders=[MINE], matter_no=order_no, decision_id="first")
            with pytest.raises(UnusableAttachment):
                bind(connection, [file], uploaders=[MINE], matter_no=order_no, decision_id="second")
            connection.execute(text("UPDATE decision SET status = 'rejected'"))
            with pytest.raises(UnusableAttachment):
                bind(connection, [file], uploaders=[MINE], matter_no=other, decision_id="second")
            colleague = Uploader(kind=CredentialKind.STAFF, name="duty-2")
            with pytest.raises(UnusableAttachment):
                bind(connection, [file], uploaders=[colleague], matter_no=order_no, decision_id="second")
            bind(connection, [file], uploaders=[MINE], matter_no=order_no, decision_id="second")
            row = find(connection, file)
        assert row is not None
        assert (row.matter_no, row.decision_id) == (order_no, "second")
