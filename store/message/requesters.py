"""Who asked, as far as it is known: personal data, read where somebody is told or called."""

from typing import Final

from sqlalchemy import Connection, select

from store.tables import requester

CONTACT: Final = ("name", "phone", "email", "wechat_openid")
"""The parts of a contact; all are personal data."""


def find_requester(connection: Connection, order_no: str) -> dict[str, str]:
    """Find who asked, as far as it is known, by the parts of a contact: personal data."""
    row = connection.execute(select(requester).where(requester.c.order_no == order_no)).one_or_none()
    return {part: row._mapping[part] for part in CONTACT if row._mapping[part]} if row else {}
