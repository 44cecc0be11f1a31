"""The typed keys of the search attributes, for the starter of an order and for its workflow.

Assumes that they are registered by `dingdan setup`; never a person's data in names or values.
"""

from datetime import datetime

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

STAGE = SearchAttributeKey.for_keyword("Stage")
TIER = SearchAttributeKey.for_keyword("Tier")
UNIT = SearchAttributeKey.for_keyword("Unit")
COMMUNITY = SearchAttributeKey.for_keyword("Community")
CLASS = SearchAttributeKey.for_keyword("Class")
CHANNEL = SearchAttributeKey.for_keyword("Channel")
CATEGORY = SearchAttributeKey.for_keyword("Category")
DUE_AT = SearchAttributeKey.for_datetime("DueAt")
ESCALATIONS = SearchAttributeKey.for_int("Escalations")
OVERDUE = SearchAttributeKey.for_bool("Overdue")


def at_start(
    *,
    stage: str,
    tier: str,
    unit: str,
    community: str | None,
    channel: str,
    category: str | None,
    due_at: datetime,
) -> TypedSearchAttributes:
    """Give the attributes that an order starts with; what is not known yet is left out."""
    pairs: list[
        SearchAttributePair[str]
        | SearchAttributePair[datetime]
        | SearchAttributePair[int]
        | SearchAttributePair[bool]
    ] = [
        SearchAttributePair(STAGE, stage),
        SearchAttributePair(TIER, tier),
        SearchAttributePair(UNIT, unit),
        SearchAttributePair(CHANNEL, channel),
        SearchAttributePair(DUE_AT, due_at),
        SearchAttributePair(ESCALATIONS, 0),
        SearchAttributePair(OVERDUE, value=False),
    ]
    if community:
        pairs.append(SearchAttributePair(COMMUNITY, community))
    if category:
        pairs.append(SearchAttributePair(CATEGORY, category))
    return TypedSearchAttributes(pairs)
