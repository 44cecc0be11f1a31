"""What each role may do, and which orders and duties it sees.

`responsibility` and the table of actions say which role decides which task and sends which action; this table
says which doors are open to a role at all. Source: our decision, ADR-0020. An administrator keeps accounts
and machines and reads no order. An auditor reads and changes nothing. Neither has another role (三员分立,
GB/T 22239-2019, 8.1.4.2).
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from domain.errors import DomainError
from domain.office.words import Role


class RolesApart(DomainError):
    """A person was to get two roles that must stay apart."""

    code = "roles_apart"


class Permission(StrEnum):
    """What a member of staff may do."""

    READ_ORDERS = "read_orders"
    READ_DUTIES = "read_duties"
    DECIDE_TASKS = "decide_tasks"
    ACT_ON_ORDERS = "act_on_orders"
    PLACE_ORDERS = "place_orders"
    ATTACH_FILES = "attach_files"
    REVEAL_CONTACTS = "reveal_contacts"
    READ_DIRECTORY = "read_directory"
    READ_FIGURES = "read_figures"
    OPERATE = "operate"


class Reach(StrEnum):
    """Which orders and duties a role sees: all of the office, or those that concern its tier, unit or community."""

    OFFICE = "office"
    TIER = "tier"
    SUBTREE = "subtree"
    COMMUNITY = "community"
    UNIT = "unit"


_WORK = frozenset(
    {
        Permission.READ_ORDERS,
        Permission.DECIDE_TASKS,
        Permission.ACT_ON_ORDERS,
        Permission.ATTACH_FILES,
        Permission.REVEAL_CONTACTS,
        Permission.READ_DIRECTORY,
    }
)
_TAKES_CALLS = _WORK | {Permission.PLACE_ORDERS}
_LEADS = _WORK | {Permission.READ_FIGURES, Permission.READ_DUTIES}

GRANTS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.COMMUNITY_WORKER: _TAKES_CALLS | {Permission.READ_DUTIES},
        Role.DUTY_OFFICER: _TAKES_CALLS,
        Role.STREET_DESK: _TAKES_CALLS | {Permission.READ_FIGURES, Permission.READ_DUTIES},
        Role.UNIT_HANDLER: _WORK | {Permission.READ_DUTIES},
        Role.UNIT_HEAD: _LEADS,
        Role.STREET_LEADER: _LEADS,
        Role.LIAISON: _WORK,
        Role.DISTRICT_DESK: _LEADS,
        Role.CALL_BACK_OFFICER: _WORK,
        Role.AUDITOR: frozenset(
            {
                Permission.READ_ORDERS,
                Permission.READ_DUTIES,
                Permission.READ_DIRECTORY,
                Permission.READ_FIGURES,
            }
        ),
        Role.ADMINISTRATOR: frozenset(
            {Permission.READ_DIRECTORY, Permission.ACT_ON_ORDERS, Permission.OPERATE}
        ),
    }
)

REACHES: Mapping[Role, Reach] = MappingProxyType(
    {
        Role.COMMUNITY_WORKER: Reach.COMMUNITY,
        Role.DUTY_OFFICER: Reach.OFFICE,
        Role.STREET_DESK: Reach.OFFICE,
        Role.UNIT_HANDLER: Reach.UNIT,
        Role.UNIT_HEAD: Reach.SUBTREE,
        Role.STREET_LEADER: Reach.OFFICE,
        Role.LIAISON: Reach.OFFICE,
        Role.DISTRICT_DESK: Reach.TIER,
        Role.CALL_BACK_OFFICER: Reach.OFFICE,
        Role.AUDITOR: Reach.OFFICE,
        # Reads no order; reassigns by number the orders that a closed unit left.
        Role.ADMINISTRATOR: Reach.OFFICE,
    }
)

APART = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
"""Roles that stand alone: an administrator or auditor does nothing else."""


def are_apart(roles: Collection[Role]) -> bool:
    """Tell whether these roles must not come together in one person."""
    return len(set(roles)) > 1 and not APART.isdisjoint(roles)


def keep_apart(roles: Collection[Role]) -> None:
    """Check that one person may have all these roles.

    Raises:
        RolesApart: one of them stands alone.
    """
    if are_apart(roles):
        alone = ", ".join(sorted(APART.intersection(roles)))
        raise RolesApart(f"{alone} goes with no other role: give it to a person who has no other")


def permissions_of(roles: Collection[Role]) -> frozenset[Permission]:
    """Return every permission that any of a person's roles grants."""
    return frozenset(each for role in roles for each in GRANTS[role])


def may(roles: Collection[Role], permission: Permission) -> bool:
    """Tell whether any of a person's roles grants a permission."""
    return permission in permissions_of(roles)


def reaches(roles: Collection[Role], permission: Permission = Permission.READ_ORDERS) -> frozenset[Reach]:
    """Return the reach of each of a person's roles that grants a permission; empty if none does."""
    return frozenset(REACHES[role] for role in roles if permission in GRANTS[role])
