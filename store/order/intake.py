"""Taking an order in: one transaction for order, first task, event, key, outbox and audit row.

Assumes a validated body. Inserts first and looks afterwards, so that two requests with one key can
never both place an order.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from domain.doors import CredentialKind, Via
from domain.errors import DomainError
from domain.matter.tasks import TaskState
from domain.office.directory import Directory
from domain.order.deadlines import Basis, ClockFacts, clock
from domain.order.lifecycle import TaskKind
from domain.order.lines.subjects import subject_of
from domain.order.policy import policy
from domain.order.words import KIND, Stage
from domain.text import line
from messages.matter.outbox import StartMatter
from messages.matter.tasks import OpenTask, RestTaken
from messages.office.directory import Routing
from messages.order.starting import starting
from messages.order.workflow import StartOrder
from store.attachment.attachments import Uploader, bind
from store.auditing import audit_row
from store.inserting import NewRow, insert_all, insert_ignore
from store.matter.holding import as_notice, is_held
from store.matter.numbers import new_number, new_suffix, random_letters
from store.matter.outbox import OutboxKind, outbox_row
from store.matter.tables import event, matter, task
from store.office.office_lock import reading_the_office
from store.order.receiving import FirstContact, PassedOver, Reception, named_officer, reception
from store.order.reckoning import calendar_for
from store.order.rows import WHOLE
from store.order.tables import idempotency, orders, requester, requester_phone
from store.order.taken_in import INTAKE_RUN, as_taken_in, matter_as_taken_in, received_event

ROUTE = "POST /orders"


class KeyReused(DomainError):
    """The idempotency key was used with another body."""

    code = "idempotency_key_reused"


class UnknownCode(DomainError):
    """The category or the community is not an open one of the directory; `field` says which."""

    code = "unknown_code"

    def __init__(self, field: str, known: Sequence[str]) -> None:
        """List the known codes; the code that was sent is not repeated."""
        super().__init__(f"{field} must be one of: {', '.join(known)}")
        self.field = field


class ReferenceReused(DomainError):
    """The client's reference stands for an order with another body."""

    code = "source_reference_reused"

    def __init__(self, order_no: str) -> None:
        """Keep the order that the reference stands for."""
        super().__init__(
            "this source_reference was sent with another body; look at the order that it stands for"
        )
        self.order_no = order_no


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderPlace:
    """The place of a request; longitude and latitude in degrees (WGS 84), both or neither."""

    community: str | None = None
    address: str | None = None
    longitude: float | None = None
    latitude: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRequester:
    """The requester, with as much as they said about themselves."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    wechat_openid: str | None = None

    @property
    def can_be_called(self) -> bool:
        """Whether there is a way to reach them."""
        return any((self.phone, self.email, self.wechat_openid))


@dataclass(frozen=True, kw_only=True, slots=True)
class NewOrder:
    """A request as a channel sent it, validated; `fingerprint` is the hash of the whole body.

    `phone_keys`: hashes of the requester's numbers, by which the order is found again. Without a `subject`, one is made
    from the description.

    `received_at`: for a part, when the whole was received; the `rests` of the whole count for the part too. `None`, as
    for any other order, means now.
    """

    client_id: str
    key: str
    fingerprint: str
    channel: str
    kind: str
    subject: str | None
    description: str
    source_reference: str | None
    source_due_at: datetime | None
    confidential: bool
    received_by: str | None
    category: str | None
    place: OrderPlace
    requester: OrderRequester
    phone_keys: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    received_at: datetime | None = None
    rests: tuple[RestTaken, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """The facts by which an order is known from the first moment.

    The order's idempotency key stands for them, and every door words its answer from them. `passed_over`: why the order
    is not with the officer whom `received_by` names.
    """

    order_no: str
    tracking_code: str
    stage: str
    received_at: datetime
    passed_over: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ToStart:
    """A workflow to start after the commit: its input, the request to Temporal, and the outbox row."""

    start: StartOrder
    asked: StartMatter
    outbox_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """The result of a request: the order's receipt, and the workflow to start if the request made the order.

    `is_new`: the first request with this key made the order; else the client's own reference stood for it already.
    `replayed`: the key was used before.
    """

    receipt: Receipt
    is_new: bool
    replayed: bool = False
    to_start: ToStart | None = None


def new_tracking_code() -> str:
    """Make a tracking code of 80 random bits, grouped for reading aloud."""
    letters = random_letters(16)
    return "-".join(letters[index : index + 4] for index in range(0, 16, 4))


def place_order(
    connection: Connection, new: NewOrder, *, now: datetime, policy_version: str, desk: str
) -> Placed:
    """Place an order, or answer a repeated request as before.

    `desk` is the address under which the order's page will stand.

    Raises:
        KeyReused: the key stands for another body.
        ReferenceReused: the client's reference stands for another body.
        UnknownCode: the category or the community is unknown or closed.
        UnusableAttachment: an attachment is not the client's own, or used already.
    """
    if known := _placed_before(connection, new):
        repeated = _claim(connection, new, known, is_new=False, now=now)
        return repeated or Placed(receipt=known, is_new=False)
    named = named_officer(connection, new.received_by, now=now)
    receipt = Receipt(
        order_no=new_number(now),
        tracking_code=new_tracking_code(),
        stage=Stage.FIRST_CONTACT,
        received_at=new.received_at or now,
        passed_over=named if isinstance(named, PassedOver) else None,
    )
    if repeated := _claim(connection, new, receipt, is_new=True, now=now):
        return repeated
    office = reception(connection, channel=new.channel, now=now)
    _check_codes(office.directory, new)
    contact = named if isinstance(named, FirstContact) else office.on_duty
    first = _first_task(connection, receipt.order_no, contact, policy_version, now)
    start = _start(new, receipt, first, office, policy_version, f"{desk}/{receipt.order_no}")
    asked = starting(start)
    outbox_id = insert_all(
        connection,
        [
            (matter, _matter_row(new, receipt, first, held=is_held(start.holds, at=now))),
            (orders, _order_row(new, receipt, policy_version, first)),
            *_requester_rows(receipt.order_no, new),
            (task, _task_row(receipt.order_no, first, contact.holder)),
            *_said_rows(new, receipt, first, now),
            outbox_row(receipt.order_no, OutboxKind.START, asked.model_dump(mode="json"), now=now),
        ],
    )
    uploader = Uploader(kind=CredentialKind.CLIENT, name=new.client_id)
    bind(connection, new.attachments, uploaders=[uploader], matter_no=receipt.order_no)
    return Placed(
        receipt=receipt, is_new=True, to_start=ToStart(start=start, asked=asked, outbox_id=outbox_id)
    )


def _claim(
    connection: Connection, new: NewOrder, receipt: Receipt, *, is_new: bool, now: datetime
) -> Placed | None:
    """Claim the key for this receipt, or return the one that it stands for already."""
    claimed = insert_ignore(
        connection,
        idempotency,
        {
            "client_id": new.client_id,
            "route": ROUTE,
            "key": new.key,
            "fingerprint": new.fingerprint,
            "is_new": is_new,
            "receipt": {**asdict(receipt), "received_at": receipt.received_at.isoformat()},
            "created_at": now,
        },
        # Lock the office before calendar and holds are read, without a statement of its own.
        *reading_the_office(connection),
    )
    if claimed:
        return None
    row = connection.execute(_BY_KEY, {"client_id": new.client_id, "key": new.key}).one()
    if row.fingerprint != new.fingerprint:
        raise KeyReused("this Idempotency-Key was used with another body; make a new key for a new request")
    kept = {**row.receipt, "received_at": datetime.fromisoformat(row.receipt["received_at"])}
    return Placed(receipt=Receipt(**kept), is_new=row.is_new, replayed=True)


def _placed_before(connection: Connection, new: NewOrder) -> Receipt | None:
    """Find the order that the client's own reference stands for, unless the key itself will answer."""
    if new.source_reference is None:
        return None
    asked = {"client_id": new.client_id, "source_reference": new.source_reference}
    row = connection.execute(_BY_REFERENCE, asked).one_or_none()
    if row is None:
        return None
    if row.fingerprint != new.fingerprint:
        if _key_is_used(connection, new):
            raise KeyReused(
                "this Idempotency-Key was used with another body; make a new key for a new request"
            )
        raise ReferenceReused(row.order_no)
    return Receipt(
        order_no=row.order_no,
        tracking_code=row.tracking_code,
        stage=row.stage,
        received_at=row.received_at,
        passed_over=row.passed_over,
    )


def _key_is_used(connection: Connection, new: NewOrder) -> bool:
    found = connection.execute(_BY_KEY, {"client_id": new.client_id, "key": new.key})
    return found.one_or_none() is not None


_BY_KEY = select(idempotency).where(
    idempotency.c.client_id == bindparam("client_id"),
    idempotency.c.route == ROUTE,
    idempotency.c.key == bindparam("key"),
)
_BY_REFERENCE = (
    select(
        orders.c.order_no,
        orders.c.tracking_code,
        matter.c.stage,
        orders.c.received_at,
        orders.c.fingerprint,
        event.c.data["officer_passed_over"].as_string().label("passed_over"),
    )
    .select_from(WHOLE)
    .outerjoin(
        event,
        (event.c.matter_no == matter.c.matter_no) & (event.c.run_id == INTAKE_RUN) & (event.c.seq == 1),
    )
    .where(
        orders.c.client_id == bindparam("client_id"),
        orders.c.source_reference == bindparam("source_reference"),
    )
)


def _start(
    new: NewOrder, receipt: Receipt, first: OpenTask, office: Reception, policy_version: str, page: str
) -> StartOrder:
    return StartOrder(
        order_no=receipt.order_no,
        policy=policy_version,
        channel=new.channel,
        category=new.category,
        community=new.place.community,
        received_at=receipt.received_at,
        can_be_called=new.requester.can_be_called,
        first_task=first,
        page=page,
        holds=tuple(as_notice(each) for each in office.holds),
        rests=new.rests,
        # Vacant units are looked up when it matters: before any automatic step.
        routing=Routing.of(office.directory, category=new.category, community=new.place.community),
    )


def _check_codes(directory: Directory, new: NewOrder) -> None:
    for field, code, known in (
        ("category", new.category, directory.open_categories),
        ("place.community", new.place.community, directory.communities),
    ):
        if code is not None and code not in known:
            raise UnknownCode(field, known)


def _first_task(
    connection: Connection, order_no: str, contact: FirstContact, policy_version: str, now: datetime
) -> OpenTask:
    """Open the first contact's task, with its clock."""
    facts = ClockFacts(basis=Basis.FIRST_CONTACT, since=now)
    book = policy(policy_version)
    reading = clock(facts, book, calendar_for(connection, book, now))
    return OpenTask(
        task_id=f"{order_no}-1-{new_suffix()}",
        kind=TaskKind.FIRST_CONTACT,
        unit=contact.unit,
        tier=contact.tier,
        role=contact.role,
        opened_at=now,
        due_at=reading.due_at,
        remind_at=reading.remind_at,
        is_provisional=reading.is_provisional,
    )


def _requester_rows(order_no: str, new: NewOrder) -> list[NewRow]:
    said = asdict(new.requester)
    rows: list[NewRow] = [(requester, {"order_no": order_no, **said})] if any(said.values()) else []
    return rows + [(requester_phone, {"order_no": order_no, "phone_key": each}) for each in new.phone_keys]


def _task_row(order_no: str, first: OpenTask, holder: str | None) -> dict[str, Any]:
    return {**first.model_dump(), "matter_no": order_no, "state": TaskState.OPEN, "holder": holder}


def _said_rows(new: NewOrder, receipt: Receipt, first: OpenTask, now: datetime) -> list[NewRow]:
    """Make the order's first event, and the row for auditors."""
    data = {
        "channel": new.channel,
        "kind": new.kind,
        "community": new.place.community,
        "category": new.category,
        "officer_passed_over": receipt.passed_over,
    }
    passed_over = {"officer_passed_over": receipt.passed_over} if receipt.passed_over else {}
    order_no, client = receipt.order_no, new.client_id
    return [
        (event, received_event(order_no=order_no, client_id=client, first=first, data=data)),
        audit_row(client, Via.CHANNEL, "order_placed", order_no, passed_over, now),
    ]


def _matter_row(new: NewOrder, receipt: Receipt, first: OpenTask, *, held: bool) -> dict[str, Any]:
    return {
        "matter_no": receipt.order_no,
        "kind": KIND,
        "community": new.place.community,
        "begun_at": receipt.received_at,
        **matter_as_taken_in(first, held=held),
    }


def _order_row(new: NewOrder, receipt: Receipt, policy_version: str, first: OpenTask) -> dict[str, Any]:
    return {
        "order_no": receipt.order_no,
        "tracking_code": receipt.tracking_code,
        "client_id": new.client_id,
        "source_reference": new.source_reference,
        "fingerprint": new.fingerprint,
        "channel": new.channel,
        "request_kind": new.kind,
        # Single lines: the comparison of orders relies on that.
        "subject": line(new.subject or "") or subject_of(new.description),
        "description": new.description,
        "confidential": new.confidential,
        "received_by": new.received_by,
        "address": line(new.place.address) if new.place.address else None,
        "longitude": new.place.longitude,
        "latitude": new.place.latitude,
        "policy": policy_version,
        "received_at": receipt.received_at,
        "source_due_at": new.source_due_at,
        **as_taken_in(first, category=new.category),
    }
