"""Who answers for what: which role a task is for, who may decide it, who reviews and who supervises.

Source: our decisions, ADR-0006 (supervision) and ADR-0017 (reviews,
liaison).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from domain.office.directory import DISTRICT_OFFICE, OFFICE, Unit
from domain.office.words import Role, Tier


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """Whose a task is: a unit, the tier at which it acts, and the role that decides."""

    unit: str
    tier: Tier
    role: Role


STREET_DESK = Owner(unit=OFFICE, tier=Tier.STREET, role=Role.STREET_DESK)
CALL_BACK_DESK = Owner(unit=OFFICE, tier=Tier.STREET, role=Role.CALL_BACK_OFFICER)
STREET_LEADER = Owner(unit=OFFICE, tier=Tier.STREET, role=Role.STREET_LEADER)
DISTRICT_DESK = Owner(unit=DISTRICT_OFFICE, tier=Tier.DISTRICT, role=Role.DISTRICT_DESK)


def handler(unit: str, tier: Tier, *, by_liaison: bool = False) -> Owner:
    """Say who handles orders of a unit.

    A leader's office that took an order over handles it by its leader; for a bureau without accounts the street's
    liaison officer writes the letter and keeps the answer.
    """
    for leader in (STREET_LEADER, DISTRICT_DESK):
        if unit == leader.unit:
            return leader
    if by_liaison:
        return Owner(unit=unit, tier=tier, role=Role.LIAISON)
    role = Role.COMMUNITY_WORKER if tier is Tier.COMMUNITY else Role.UNIT_HANDLER
    return Owner(unit=unit, tier=tier, role=role)


def entitled_roles(role: Role) -> frozenset[Role]:
    """Give the roles that may decide a task opened for `role`: its own, and the head of the unit for handlers."""
    if role in {Role.UNIT_HANDLER, Role.COMMUNITY_WORKER}:
        return frozenset({role, Role.UNIT_HEAD})
    return frozenset({role})


def may_decide(
    own_unit: str, roles: Collection[Role], *, unit: str, role: Role, on_duty: bool = False
) -> bool:
    """Tell whether somebody may decide a task of a unit and role; the street's liaison acts for its bureaus.

    `on_duty`: the desk's clock does not wait for the office to open, so the officer on duty may decide too (ADR-0016).
    """
    of_the_unit = own_unit == (OFFICE if role is Role.LIAISON else unit)
    entitled = entitled_roles(role) | ({Role.DUTY_OFFICER} if on_duty else set())
    return of_the_unit and not entitled.isdisjoint(roles)


def decided_by(roles: Collection[Role]) -> tuple[Role, ...]:
    """List the roles whose tasks somebody with these roles may decide."""
    return tuple(role for role in Role if not entitled_roles(role).isdisjoint(roles))


def supervisor(tier: Tier, repetition: int, *, climbs_at: int, by_liaison: bool = False) -> Owner:
    """Say who supervises an order of a unit at a tier, the n-th time in a row.

    Source: our decision, ADR-0006: orders of communities and street departments are supervised by the
    street leader, from the third time on and at the district by the district's order centre. A bureau without
    accounts is spoken for by the street, so that the street leader supervises it (ADR-0017).
    """
    at_district = tier is Tier.DISTRICT and not by_liaison
    return DISTRICT_DESK if at_district or repetition >= climbs_at else STREET_LEADER


def reviewer(proposed_by: Owner, *, is_rework: bool = False) -> Owner:
    """Say who reviews what an owner proposed: a unit's work the street desk, the desk's work the street leader.

    At the district the unit's head reviews, and of a rework, which somebody else has to look at, the district's
    order centre; so it does with what a leader's office does itself.
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
    """Say who is asked when a reviewer was silent: one leader up."""
    return STREET_LEADER if reviewing == STREET_DESK else DISTRICT_DESK


def grants_extension(working: Owner, *, granted: int) -> Owner:
    """Say who grants an extension: the first the reviewer, a second only the tier above.

    At the district that is the unit's own head, both times.
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
    """Tell whether a role has anything to decide in a unit: who is given another one there waits for nothing."""
    if role in _ANYWHERE:
        return True
    if role in _OFFICE_OF:
        return unit.code == _OFFICE_OF[role]
    return role in entitled_roles(handler(unit.code, unit.tier, by_liaison=unit.by_liaison).role)
