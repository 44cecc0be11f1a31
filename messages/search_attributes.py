"""The typed keys of the search attributes, for the starter of an order and for its workflow.

Assumes that they are registered by `dingdan setup`; never a person's data in names or values.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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


def at_start(attributes: Mapping[str, str | int | bool]) -> TypedSearchAttributes:
    """Give the attributes that a workflow starts with their types; instants come as ISO 8601."""
    keys = {each.name: each for each in (STAGE, TIER, UNIT, COMMUNITY, CLASS, CHANNEL, CATEGORY)}
    pairs: list[SearchAttributePair[Any]] = []
    for name, value in attributes.items():
        match name:
            case DUE_AT.name:
                pairs.append(SearchAttributePair(DUE_AT, datetime.fromisoformat(str(value))))
            case ESCALATIONS.name:
                pairs.append(SearchAttributePair(ESCALATIONS, int(value)))
            case OVERDUE.name:
                pairs.append(SearchAttributePair(OVERDUE, bool(value)))
            case _:
                pairs.append(SearchAttributePair(keys[name], str(value)))
    return TypedSearchAttributes(pairs)
