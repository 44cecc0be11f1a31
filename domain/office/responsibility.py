"""Which role a task is for, and which staff may decide it, review it and supervise it.

Source: our decisions, ADR-0006 (supervision) and ADR-0017 (reviews, liaison).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from domain.office.directory import DISTRICT_OFFICE, OFFICE, Unit
from domain.office.words import Role, Tier


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """The owner of a task: a unit, the tier at which it acts, and the role that decides."""

    unit: str
    tier: Tier
    role: Role


STREET_DESK = Owner(unit=OFFICE, tier=Tier.STREET, role=Role.STREET_DESK)
CALL_BACK_DESK = Owner(unit=OFFICE, tier=Tier.STREET, role=Role.CALL_BACK_OFFICER)
STREET_LEADER = Owner(unit=OFFICE, tier=Tier.STREET, role=Role.STREET_LEADER)
DISTRICT_DESK = Owner(unit=DISTRICT_OFFICE, tier=Tier.DISTRICT, role=Role.DISTRICT_DESK)


def handler(unit: str, tier: Tier, *, by_liaison: bool = False) -> Owner:
    """Return the owner of a unit's work on orders.

    In a leader's office that took an order over, the leader handles it. For a bureau without accounts the
    street's liaison officer writes the letter and records the answer.
    """
    for leader in (STREET_LEADER, DISTRICT_DESK):
        if unit == leader.unit:
            return leader
    if by_liaison:
        return Owner(unit=unit, tier=tier, role=Role.LIAISON)
    role = Role.COMMUNITY_WORKER if tier is Tier.COMMUNITY else Role.UNIT_HANDLER
    return Owner(unit=unit, tier=tier, role=role)


def entitled_roles(role: Role) -> frozenset[Role]:
    """Return the roles that may decide a task of `role`: itself, and for handlers the unit's head too."""
    if role in {Role.UNIT_HANDLER, Role.COMMUNITY_WORKER}:
        return frozenset({role, Role.UNIT_HEAD})
    return frozenset({role})


def may_decide(
    own_unit: str, roles: Collection[Role], *, unit: str, role: Role, on_duty: bool = False
) -> bool:
    """Tell whether a member of staff may decide a task of a unit and role.

    The street's liaison officer acts for its bureaus. `on_duty`: the desk's clock does not wait for the
    office to open, so the officer on duty may decide too (ADR-0016).
    """
    of_the_unit = own_unit == (OFFICE if role is Role.LIAISON else unit)
    entitled = entitled_roles(role) | ({Role.DUTY_OFFICER} if on_duty else set())
    return of_the_unit and not entitled.isdisjoint(roles)


def decided_by(roles: Collection[Role]) -> tuple[Role, ...]:
    """List the roles whose tasks a person with these roles may decide."""
    return tuple(role for role in Role if not entitled_roles(role).isdisjoint(roles))


def supervisor(tier: Tier, repetition: int, *, climbs_at: int, by_liaison: bool = False) -> Owner:
    """Return the owner of the supervision of an order at a tier, the n-th time in a row.

    Source: our decision, ADR-0006. The street leader supervises orders of communities and street departments;
    the district's order centre does from the third time on (`climbs_at`), and at the district. The street
    speaks for a bureau without accounts, so the street leader supervises it (ADR-0017).
    """
    at_district = tier is Tier.DISTRICT and not by_liaison
    return DISTRICT_DESK if at_district or repetition >= climbs_at else STREET_LEADER


def reviewer(proposed_by: Owner, *, is_rework: bool = False) -> Owner:
    """Return the owner of the review of a proposal.

    The street desk reviews a unit's work, the street leader the desk's. At the district the unit's head
    reviews, except a rework: that needs other eyes, those of the district's order centre. The order centre
    also reviews what a leader's office does itself.
    """
    if proposed_by.role in {Role.STREET_LEADER, Role.DISTRICT_DESK}:
        return DISTRICT_DESK
    if proposed_by.role is Role.STREET_DESK:
        return STREET_LEADER
    if proposed_by.tier is Tier.DISTRICT and proposed_by.role is not Role.LIAISON:
        if is_rework:
            return DISTRICT_DESK
        return Owner(unit=proposed_by.unit, tier=Tier.DISTRICT, role=Role.UNIT_HEAD)
    return STREET_DESK


def above(reviewing: Owner) -> Owner:
    """Return the owner who is asked after a silent reviewer: one leader up."""
    return STREET_LEADER if reviewing == STREET_DESK else DISTRICT_DESK


def grants_extension(working: Owner, *, granted: int) -> Owner:
    """Return the owner who grants an extension: first the reviewer, a second time only the tier above.

    At the district the unit's own head grants both.
    """
    first = reviewer(working)
    return first if not granted or first.role is Role.UNIT_HEAD else DISTRICT_DESK


_OFFICE_OF: Mapping[Role, str] = {
    Role.STREET_DESK: OFFICE,
    Role.STREET_LEADER: OFFICE,
    Role.LIAISON: OFFICE,
    Role.CALL_BACK_OFFICER: OFFICE,
    Role.DISTRICT_DESK: DISTRICT_OFFICE,
}
_ANYWHERE = frozenset({Role.DUTY_OFFICER, Role.AUDITOR, Role.ADMINISTRATOR})


def has_work(role: Role, unit: Unit) -> bool:
    """Tell whether a role has anything to decide in a unit; with any other role a person waits in vain."""
    if role in _ANYWHERE:
        return True
    if role in _OFFICE_OF:
        return unit.code == _OFFICE_OF[role]
    return role in entitled_roles(handler(unit.code, unit.tier, by_liaison=unit.by_liaison).role)
