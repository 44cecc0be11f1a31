"""The closed sets that an order is described with.

Assumes nothing: every value here is a word of the procedure, spelled once, and travels unchanged
through database, wire, search attributes and pages.
"""

import re
import unicodedata
from enum import StrEnum

_ORDER_NO = re.compile(r"([0-9]{8})([0-9A-Z]{6})")


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
    JOINED = "joined"

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

    def takes_longer_than(self, other: "OrderClass") -> bool:
        """Tell whether it has the longer limit; they stand in this order."""
        classes = list(OrderClass)
        return classes.index(self) > classes.index(other)


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


def order_number(typed: object) -> str | None:
    """Give an order's number as it is kept, however somebody wrote it: any case, width, dashes and blanks.

    `None` if it is none.
    """
    if not isinstance(typed, str):
        return None
    wide = unicodedata.normalize("NFKC", typed).upper()
    plain = "".join(
        each for each in wide if unicodedata.category(each) not in _BETWEEN and each not in _ALSO_DASHES
    )
    found = _ORDER_NO.fullmatch(plain)
    return "-".join(found.groups()) if found else None


_BETWEEN = frozenset({"Pd", "Zs", "Cc", "Cf"})
"""Dashes, blanks and what cannot be seen."""
_ALSO_DASHES = frozenset({"\N{MINUS SIGN}", "\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}"})
