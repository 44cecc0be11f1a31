"""Channel keys and staff tokens: only a keyed hash of each is kept.

Assumes a secret that lives outside the database, so that a copy of the database opens no door.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, exists, insert, select, update

from domain.doors import CredentialKind
from store.inserting import insert_ignore
from store.signin.tables import client, credential


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """An intake channel's program; `is_revoked`: all keys that it had are revoked."""

    client_id: str
    channel: str
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class Bearer:
    """The client or member of staff for whom a bearer token stands; `channel` is that of an active client."""

    kind: CredentialKind
    name: str
    channel: str | None = None

    @property
    def client(self) -> Client | None:
        """The client, if the token is that of an active one."""
        return Client(client_id=self.name, channel=self.channel) if self.channel is not None else None


def keyed_hash(secret: str, value: str) -> str:
    """Hash a value that may be compared but never read: HMAC-SHA256, in hexadecimal."""
    return hmac.new(secret.encode(), value.encode(), hashlib.sha256).hexdigest()


def mint(connection: Connection, *, secret: str, kind: CredentialKind, subject: str, now: datetime) -> str:
    """Make a new credential and return it: the only time that it is seen in the clear."""
    token = f"dd_{kind}_{secrets.token_urlsafe(32)}"
    connection.execute(
        insert(credential).values(
            keyed_hash=keyed_hash(secret, token), kind=kind, subject=subject, created_at=now, revoked_at=None
        )
    )
    return token


def revoke(connection: Connection, *, kind: CredentialKind, subject: str, now: datetime) -> int:
    """Revoke every credential of a subject, and return how many."""
    return connection.execute(
        update(credential)
        .where(credential.c.kind == kind, credential.c.subject == subject, credential.c.revoked_at.is_(None))
        .values(revoked_at=now)
    ).rowcount


def find_subject(connection: Connection, *, secret: str, token: str) -> Bearer | None:
    """Find the bearer of a token; `None` if it is unknown or revoked."""
    row = connection.execute(_BY_HASH, {"hash": keyed_hash(secret, token)}).one_or_none()
    return Bearer(CredentialKind(row.kind), row.subject, row.channel) if row else None


def put_client(connection: Connection, *, client_id: str, channel: str, now: datetime) -> bool:
    """Add a channel's client, and tell whether it is new."""
    return insert_ignore(
        connection, client, {"client_id": client_id, "channel": channel, "active": True, "created_at": now}
    )


_ITS_CLIENT = and_(
    credential.c.kind == CredentialKind.CLIENT,
    credential.c.subject == client.c.client_id,
    client.c.active.is_(True),
)
_BY_HASH = (
    select(credential.c.kind, credential.c.subject, client.c.channel)
    .outerjoin(client, _ITS_CLIENT)
    .where(credential.c.keyed_hash == bindparam("hash"), credential.c.revoked_at.is_(None))
)


def all_clients(connection: Connection) -> list[Client]:
    """List the active clients."""
    its = (credential.c.kind == CredentialKind.CLIENT, credential.c.subject == client.c.client_id)
    is_revoked = and_(exists().where(*its), ~exists().where(*its, credential.c.revoked_at.is_(None)))
    rows = connection.execute(
        select(client.c.client_id, client.c.channel, is_revoked.label("is_revoked"))
        .where(client.c.active.is_(True))
        .order_by(client.c.client_id)
    )
    return [
        Client(client_id=row.client_id, channel=row.channel, is_revoked=bool(row.is_revoked)) for row in rows
    ]
