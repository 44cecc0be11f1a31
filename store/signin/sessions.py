"""Who is signed in: a row for each session, so that one can be ended from the next request on.

Assumes that a session's id is 256 random bits which only the browser keeps; the store has a keyed hash of it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from domain.doors import Via
from domain.signin.accounts import Profile, SignInStep, needs_second_factor
from store.auditing import audited
from store.office.people import POST, Staff, acts_for, staff_of
from store.office.tables import staff, staff_role, unit
from store.signin.credentials import keyed_hash
from store.signin.tables import session, sign_in_attempt

_SEEN_EVERY: Final = timedelta(seconds=30)
"""How often a session's last use is written at most, so that most pages only read."""
_ATTEMPT_LASTS: Final = timedelta(minutes=10)


class Method(StrEnum):
    """The way in which a person signed in."""

    PASSWORD = "password"  # noqa: S105 - the name of a way
    PASSWORD_AND_CODE = "password_and_code"  # noqa: S105 - the name of a way
    OIDC = "oidc"


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A session as the store knows it; `staff` is its owner as they are now, `None` if they have left."""

    key: str
    username: str
    step: SignInStep
    method: Method
    csrf: str
    begun_at: datetime
    seen_at: datetime
    staff: Staff | None

    @property
    def is_open(self) -> bool:
        """Tell whether the session opens anything now: roles given since may ask for a second factor (ADR-0021)."""
        if self.step is not SignInStep.OPEN or self.staff is None:
            return False
        return self.method is not Method.PASSWORD or not needs_second_factor(self.staff.roles)

    def is_to_be_marked(self, now: datetime) -> bool:
        """Tell whether its last use was written long enough ago to write it again."""
        return now - self.seen_at >= _SEEN_EVERY


def begin_session(
    connection: Connection, username: str, *, step: SignInStep, method: Method, secret: str, now: datetime
) -> str:
    """Begin a session, and return the id for the browser, the only time that it is seen."""
    session_id = secrets.token_urlsafe(32)
    connection.execute(
        insert(session).values(
            session_key=_key(secret, session_id),
            username=username,
            step=step,
            method=method,
            csrf=secrets.token_urlsafe(32),
            begun_at=now,
            seen_at=now,
        )
    )
    audited(connection, username, Via.STAFF, "session_begun", None, {"step": step, "method": method}, now)
    return session_id


def find_session(
    connection: Connection, session_id: str, *, profile: Profile, secret: str, now: datetime
) -> Session | None:
    """Find a session that is still valid: not ended, used lately, and not begun too long ago."""
    rows = connection.execute(
        select(session, *POST)
        .outerjoin(staff, acts_for(session.c.username, now))
        .outerjoin(unit, unit.c.code == staff.c.unit)
        .outerjoin(staff_role, staff_role.c.username == staff.c.username)
        .where(
            session.c.session_key == _key(secret, session_id),
            session.c.ended_at.is_(None),
            session.c.seen_at > now - profile.idle,
            session.c.begun_at > now - profile.absolute,
        )
    ).all()
    if not rows:
        return None
    row = rows[0]
    return Session(
        key=row.session_key,
        username=row.username,
        step=SignInStep(row.step),
        method=Method(row.method),
        csrf=row.csrf,
        begun_at=row.begun_at,
        seen_at=row.seen_at,
        staff=staff_of(rows, row.username),
    )


def mark_seen(connection: Connection, seen: Session, *, now: datetime) -> None:
    """Write down that a session is still used."""
    connection.execute(update(session).where(session.c.session_key == seen.key).values(seen_at=now))


def end_session(connection: Connection, ended: Session, *, now: datetime) -> None:
    """End a session; a second end changes nothing."""
    connection.execute(
        update(session)
        .where(session.c.session_key == ended.key, session.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    audited(connection, ended.username, Via.STAFF, "session_ended", None, {}, now)


def end_sessions_of(connection: Connection, username: str, *, now: datetime) -> int:
    """End all sessions of a person, and return how many."""
    return connection.execute(
        update(session)
        .where(session.c.username == username, session.c.ended_at.is_(None))
        .values(ended_at=now)
    ).rowcount


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """A sign-in that was sent to the provider and has not come back."""

    nonce: str
    verifier: str
    goes_to: str


def begin_attempt(
    connection: Connection, attempt: Attempt, *, state: str, browser: str, secret: str, now: datetime
) -> None:
    """Remember an attempt that was sent to the provider, for the browser that sent it."""
    connection.execute(delete(sign_in_attempt).where(sign_in_attempt.c.begun_at < now - _ATTEMPT_LASTS))
    connection.execute(
        insert(sign_in_attempt).values(
            state_key=_key(secret, state),
            browser_key=_key(secret, browser),
            nonce=attempt.nonce,
            verifier=attempt.verifier,
            goes_to=attempt.goes_to,
            begun_at=now,
        )
    )


def take_attempt(
    connection: Connection, *, state: str, browser: str, secret: str, now: datetime
) -> Attempt | None:
    """Take an attempt back, once: `None` for a foreign state or browser, or one that took too long."""
    row = connection.execute(
        delete(sign_in_attempt)
        .where(
            sign_in_attempt.c.state_key == _key(secret, state),
            sign_in_attempt.c.browser_key == _key(secret, browser),
            sign_in_attempt.c.begun_at >= now - _ATTEMPT_LASTS,
        )
        .returning(sign_in_attempt.c.nonce, sign_in_attempt.c.verifier, sign_in_attempt.c.goes_to)
    ).one_or_none()
    return Attempt(nonce=row.nonce, verifier=row.verifier, goes_to=row.goes_to) if row else None


def _key(secret: str, value: str) -> str:
    return keyed_hash(secret, f"session:{value}")
