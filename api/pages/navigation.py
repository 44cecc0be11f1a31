"""The bar of the staff's pages: each page with the permission that opens it. Its words are in the texts, by address."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from domain.office.permissions import Permission, may
from domain.office.words import Role

HOME: Final = "/desk"
"""Where staff begin."""
WAYS: Final[Mapping[str, Permission]] = MappingProxyType(
    {
        HOME: Permission.READ_ORDERS,
        "/desk/orders": Permission.READ_ORDERS,
        "/desk/duties": Permission.READ_DUTIES,
        "/desk/new": Permission.PLACE_ORDERS,
        "/desk/figures": Permission.READ_FIGURES,
        "/desk/operations": Permission.OPERATE,
    }
)


def ways_of(roles: Collection[Role]) -> tuple[str, ...]:
    """List the pages that these roles open, in the order of the bar."""
    return tuple(path for path, permission in WAYS.items() if may(roles, permission))


def local_path(goes_to: str) -> str:
    """Return the path if it is one of ours, else the path of the staff's first page."""
    is_ours = goes_to.startswith("/") and not goes_to.startswith(("//", "/\\")) and goes_to.isprintable()
    return goes_to if is_ours and len(goes_to) <= 200 else HOME  # noqa: PLR2004 - the column's length
