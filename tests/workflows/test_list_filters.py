"""A real server understands every filter on the page of list filters."""

import re
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from messages.names import SEARCH_ATTRIBUTES

PAGES = [Path(__file__).parents[2] / "docs" / name for name in ("list-filters.md", "runbooks.md")]


def filters() -> list[str]:
    """Find every filter of the pages; a date that the shell would write is replaced by a literal one."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    found = re.findall(r"""-q '([^']+)'""", text) + re.findall(r'''-q "([^"]+)"''', text)
    return [re.sub(r"\$\([^)]*\)", "2026-11-23T09:00:00Z", each) for each in found]


class TestTheListFilters:
    @pytest.mark.parametrize("query", filters())
    async def test_are_understood_by_a_server(self, temporal: Client, query: str) -> None:
        assert (await temporal.count_workflows(query)).count >= 0
        if "GROUP BY" not in query:
            async for _ in temporal.list_workflows(query, limit=1):
                break

    def test_show_every_attribute_of_ours(self) -> None:
        page = PAGES[0].read_text(encoding="utf-8")
        assert {name for name in SEARCH_ATTRIBUTES if f"| `{name}` |" not in page} == set()
        asked = " ".join(filters())
        assert {name for name in SEARCH_ATTRIBUTES if name not in asked} == set()

    @pytest.mark.parametrize("query", ["Stage=handling", 'WorkflowType="Order" ORDER BY DueAt'])
    async def test_name_what_a_server_refuses(self, temporal: Client, query: str) -> None:
        with pytest.raises(RPCError, match="invalid query"):
            await temporal.count_workflows(query)
