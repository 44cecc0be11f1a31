"""The typed keys of the search attributes, for the starter of a matter and for its workflow.

Assumes that `dingdan setup` has registered them. Names and values never hold a person's data.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

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


KEYS: Final[dict[str, SearchAttributeKey[Any]]] = {
    each.name: each
    for each in (STAGE, TIER, UNIT, COMMUNITY, CLASS, CHANNEL, CATEGORY, DUE_AT, ESCALATIONS, OVERDUE)
}
"""Each key by the name under which it is registered."""


def at_start(attributes: Mapping[str, str | int | bool]) -> TypedSearchAttributes:
    """Return the attributes that a workflow starts with, typed; instants come in as ISO 8601."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(
                KEYS[name], datetime.fromisoformat(str(value)) if name == DUE_AT.name else value
            )
            for name, value in attributes.items()
        ]
    )
