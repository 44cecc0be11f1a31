"""Local accounts: passwords, second factors, and names that are locked.

Assumes that hashing is done outside a transaction: it takes a tenth of a second, and a lock would be held as
long. An unknown name fails and is locked like any other, so that no answer tells which names exist.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyotp
from sqlalchemy import Connection, delete, select, update

from domain.doors import Via
from domain.signin.accounts import Profile, locked_until
from runtime.sealing import CannotUnseal, seal, unseal
from store.auditing import audited
from store.inserting import insert_ignore
from store.office.tables import staff
from store.signin.credentials import keyed_hash
from store.signin.tables import account, sign_in_failure

_STEP: Final = 30
"""Seconds for which one code counts (RFC 6238)."""
_DRIFT: Final = 1
"""How many steps a clock may be off, to either side."""
_UNKNOWN: Final = "unknown"
"""The actor in the audit for a failure under a name that no member of staff has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A local account; `has_totp`: a second factor is enrolled."""

    username: str
    password_hash: str
    password_set_at: datetime
    must_change: bool
    has_totp: bool


def find_account(connection: Connection, username: str) -> Account | None:
    """Find a local account, whether its owner still serves or not."""
    row = connection.execute(select(account).where(account.c.username == username)).one_or_none()
    if row is None:
        return None
    return Account(
        username=row.username,
        password_hash=row.password_hash,
        password_set_at=row.password_set_at,
        must_change=row.must_change,
        has_totp=row.totp_sealed is not None and row.totp_step is not None,
    )


def set_password(
    connection: Connection, username: str, *, password_hash: str, must_change: bool, by: str, now: datetime
) -> None:
    """Set the password of an account, and make the account if there is none."""
    values = {"password_hash": password_hash, "password_set_at": now, "must_change": must_change}
    if not insert_ignore(connection, account, {"username": username, **values}):
        connection.execute(update(account).where(account.c.username == username).values(**values))
    audited(connection, by, Via.STAFF, "password_set", None, {"username": username}, now)


def locked_since_failures(
    connection: Connection, name: str, *, secret: str, now: datetime
) -> datetime | None:
    """Return until when a name is locked; `None` if it is not."""
    until: datetime | None = connection.scalar(
        select(sign_in_failure.c.locked_until).where(sign_in_failure.c.name_key == _name_key(secret, name))
    )
    return until if until is not None and now < until else None


def count_failure(
    connection: Connection, name: str, *, profile: Profile, secret: str, now: datetime
) -> datetime | None:
    """Count one more failure, also in the audit, and return until when the name is locked now; `None` if it is not.

    The audit names nobody but staff: a person who mistook the field may have typed a password into it.
    """
    key = _name_key(secret, name)
    insert_ignore(connection, sign_in_failure, {"name_key": key, "failures": 0})
    row = connection.execute(
        select(sign_in_failure).where(sign_in_failure.c.name_key == key).with_for_update()
    ).one()
    # After a lock has ended, the count begins again.
    failures = 1 if row.locked_until is not None and row.locked_until <= now else row.failures + 1
    until = locked_until(failures, profile, now=now)
    connection.execute(
        update(sign_in_failure)
        .where(sign_in_failure.c.name_key == key)
        .values(failures=failures, locked_until=until)
    )
    known = connection.scalar(select(staff.c.username).where(staff.c.username == name))
    audited(
        connection, known or _UNKNOWN, Via.STAFF, "sign_in_refused", None, {"locked": until is not None}, now
    )
    return until


def forget_failures(connection: Connection, name: str, *, secret: str) -> None:
    """Forget the failures of a name, after a sign-in or by an administrator."""
    connection.execute(delete(sign_in_failure).where(sign_in_failure.c.name_key == _name_key(secret, name)))


def begin_enrolment(connection: Connection, username: str, *, secret: str) -> str | None:
    """Return the secret of the second factor that a person is about to enrol: the same until it is confirmed.

    `None` if it is confirmed already, or there is no account: a password alone shows no secret, and replaces none.
    An enrolment that began under another key begins again, since nobody can have confirmed it.
    """
    row = connection.execute(
        select(account.c.totp_sealed, account.c.totp_step)
        .where(account.c.username == username)
        .with_for_update()
    ).one_or_none()
    if row is None or row.totp_step is not None:
        return None
    if row.totp_sealed:
        with suppress(CannotUnseal):
            return unseal(secret, row.totp_sealed)
    shared = pyotp.random_base32()
    connection.execute(
        update(account).where(account.c.username == username).values(totp_sealed=seal(secret, shared))
    )
    return shared


def accept_code(connection: Connection, username: str, code: str, *, secret: str, now: datetime) -> bool:
    """Tell whether a second factor's code is right; each counts once, and an accepted one confirms an enrolment.

    Raises:
        CannotUnseal: it was confirmed under another key: no code of it can be right any more.
    """
    row = connection.execute(
        select(account.c.totp_sealed, account.c.totp_step)
        .where(account.c.username == username)
        .with_for_update()
    ).one_or_none()
    if row is None or row.totp_sealed is None:
        return False
    try:
        totp, present = pyotp.TOTP(unseal(secret, row.totp_sealed)), int(now.timestamp()) // _STEP
    except CannotUnseal:
        if row.totp_step is None:
            return False
        raise
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if (row.totp_step is None or step > row.totp_step) and pyotp.utils.strings_equal(
            code, totp.at(step * _STEP)
        ):
            connection.execute(update(account).where(account.c.username == username).values(totp_step=step))
            if row.totp_step is None:
                audited(connection, username, Via.STAFF, "second_factor_enrolled", None, {}, now)
            return True
    return False


def remove_second_factor(connection: Connection, username: str, *, by: str, now: datetime) -> bool:
    """Remove a second factor, so that a new one is enrolled at the next sign-in, and tell whether there was one."""
    removed = connection.execute(
        update(account)
        .where(account.c.username == username, account.c.totp_sealed.is_not(None))
        .values(totp_sealed=None, totp_step=None)
    ).rowcount
    audited(connection, by, Via.STAFF, "second_factor_removed", None, {"username": username}, now)
    return bool(removed)


def _name_key(secret: str, name: str) -> str:
    return keyed_hash(secret, f"sign-in name:{name}")
