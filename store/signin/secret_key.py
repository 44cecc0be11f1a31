"""The secret key of this store's hashes and seals: another key is noticed by a mark, and taken in only on command.

Assumes that the store keeps a keyed mark and never the key. Under another key nothing fails by itself: tokens are
unknown, callers have no orders, and only a second factor cannot be unsealed. So the mark is checked before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, select, update

from domain.doors import Via
from store.auditing import audited
from store.database import Store
from store.inserting import insert_ignore
from store.signin.accounts import remove_second_factor
from store.signin.credentials import keyed_hash
from store.signin.tables import account, credential, secret_mark, session, sign_in_attempt, sign_in_failure

_ONLY: Final = "only"


class AnotherSecretKey(Exception):
    """The secret key is not the one that this store uses; the text says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenIn:
    """What depended on the former key: the owners of second factors, and the numbers of credentials and of callers."""

    second_factors: Sequence[str]
    credentials: int
    callers: int


def is_known(connection: Connection, secret: str) -> bool | None:
    """Tell whether the store uses this key; `None` if it has not used any."""
    mark = connection.scalar(select(secret_mark.c.mark))
    return None if mark is None else mark == _mark(secret)


def require(connection: Connection, secret: str) -> None:
    """Check that the store uses no other key.

    Raises:
        AnotherSecretKey: it does.
    """
    if is_known(connection, secret) is False:
        raise AnotherSecretKey(
            "DINGDAN_SECRET_KEY is not the key that this store uses, and second factors, keys, tokens and the look-up "
            "of callers depend on that; put the former key back, or, if it is lost, stop API and workers and run: "
            "dingdan secret-key --take-in"
        )


def check(store: Store, secret: str) -> None:
    """Check that the store uses this key; a store that has used none takes this one.

    Raises:
        AnotherSecretKey: the store uses another one.
        StoreUnavailable: the database does not answer.
    """
    with store.look() as connection:
        known = is_known(connection, secret)
    if known is None:
        with store.write() as connection:
            insert_ignore(connection, secret_mark, {"id": _ONLY, "mark": _mark(secret)})
    with store.look() as connection:
        require(connection, secret)


def take_in(
    connection: Connection,
    secret: str,
    *,
    hash_again: Callable[[Connection], int],
    by: str,
    now: datetime,
) -> TakenIn:
    """Let the store use this key from now on: what depended on the former one ends, or is made again, all at once.

    `hash_again` makes the hashes by which callers are found under this key, and returns how many callers there are.
    """
    enrolled = select(account.c.username).where(account.c.totp_sealed.is_not(None))
    usernames = connection.scalars(enrolled.order_by(account.c.username)).all()
    for username in usernames:
        remove_second_factor(connection, username, by=by, now=now)
    connection.execute(update(session).where(session.c.ended_at.is_(None)).values(ended_at=now))
    connection.execute(delete(sign_in_attempt))
    connection.execute(delete(sign_in_failure))
    ended = connection.execute(
        update(credential).where(credential.c.revoked_at.is_(None)).values(revoked_at=now)
    ).rowcount
    callers = hash_again(connection)
    connection.execute(delete(secret_mark))
    insert_ignore(connection, secret_mark, {"id": _ONLY, "mark": _mark(secret)})
    data = {"second_factors": len(usernames), "credentials": ended, "callers": callers}
    audited(connection, by, Via.OPERATOR, "secret_key_taken_in", None, data, now)
    return TakenIn(second_factors=usernames, credentials=ended, callers=callers)


def _mark(secret: str) -> str:
    return keyed_hash(secret, "the secret key of this store")
