"""The closed sets that an order is described with.

Assumes nothing: every value here is a word of the procedure, spelled once, and travels unchanged
through database, wire, search attributes and pages.
"""

from enum import StrEnum


class Tier(StrEnum):
    """The level of centre that has an order in hand (层级)."""

    COMMUNITY = "community"
    STREET = "street"
    DISTRICT = "district"

    @property
    def above(self) -> "Tier | None":
        """The next tier up, `None` at the district."""
        tiers = list(Tier)
        index = tiers.index(self) + 1
        return tiers[index] if index < len(tiers) else None


class Stage(StrEnum):
    """Where an order is (阶段)."""

    RECEIVED = "received"
    FIRST_CONTACT = "first_contact"
    CLASSIFICATION = "classification"
    DISPATCH = "dispatch"
    HANDLING = "handling"
    EXPLAINING = "explaining"
    SUPERVISION = "supervision"
    REPLYING = "replying"
    FOLLOW_UP = "follow_up"
    CLOSED = "closed"
    ARCHIVED = "archived"
    REVIEW = "review"
    PAUSED = "paused"

    @property
    def is_over(self) -> bool:
        """Whether the work has ended: closed or archived."""
        return self in {Stage.CLOSED, Stage.ARCHIVED}


class Ending(StrEnum):
    """How an order ended (结局)."""

    RESOLVED_ON_THE_SPOT = "resolved_on_the_spot"
    RESOLVED = "resolved"
    EXPLAINED = "explained"
    NOT_ACCEPTED = "not_accepted"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    UNRESOLVED = "unresolved"


class OrderClass(StrEnum):
    """How urgent and how difficult an order is (分类): 1, 5 or 10 days."""

    URGENT = "urgent"
    GENERAL = "general"
    COMPLEX = "complex"


class Channel(StrEnum):
    """The way by which a request came in (渠道)."""

    WEB = "web"
    WECHAT = "wechat"
    HOTLINE = "hotline"
    COUNTER = "counter"
    HOME_VISIT = "home_visit"
    COURTYARD_VISIT = "courtyard_visit"
    HOUSEHOLD_FILE = "household_file"
    SUPERIOR = "superior"
    OPEN311 = "open311"


class RequestKind(StrEnum):
    """What the resident wants (诉求)."""

    INQUIRY = "inquiry"
    ASSISTANCE = "assistance"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"


class Role(StrEnum):
    """What a member of staff is entitled to do (岗位)."""

    COMMUNITY_WORKER = "community_worker"
    DUTY_OFFICER = "duty_officer"
    STREET_DESK = "street_desk"
    UNIT_HANDLER = "unit_handler"
    UNIT_HEAD = "unit_head"
    STREET_LEADER = "street_leader"
    LIAISON = "liaison"
    DISTRICT_DESK = "district_desk"
    CALL_BACK_OFFICER = "call_back_officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Solved(StrEnum):
    """Whether the matter is solved, as the resident sees it (解决情况)."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Satisfied(StrEnum):
    """Whether the resident is satisfied (满意度)."""

    YES = "yes"
    BASICALLY = "basically"
    NO = "no"


class DissatisfactionCause(StrEnum):
    """Where dissatisfaction comes from (不满意原因): only the unit's leads to rework."""

    UNIT = "unit"
    REQUEST = "request"
    RULE = "rule"


class Via(StrEnum):
    """By which door a step came: told on every event, so that an audit can separate them."""

    CHANNEL = "channel"
    STAFF = "staff"
    RESIDENT = "resident"
    OPERATOR = "operator"
    SYSTEM = "system"
