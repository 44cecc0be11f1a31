"""The cost of each page in statements and bytes."""

from pathlib import Path
from typing import Any

import pytest

from demo.embedded import Installation, open_office
from demo.office import CLIENTS
from demo.teller import Teller
from tests.api.conftest import SECRET, Api
from tests.support.office import now
from tests.support.pages import (
    MOST_BYTES,
    MOST_STATEMENTS,
    PAGES,
    arrive,
    cookies_of,
    set_scene,
    statements,
    weight,
)


def teller_of(api: Api) -> Teller:
    """Play channels, staff and residents against an application inside this process."""
    opened_office = open_office(api.office.store, SECRET, now=now())
    installation = Installation(
        api_url="",
        temporal_address="",
        temporal_ui_url="",
        temporal_cli=Path(),
        logs=Path(),
        policy="standard",
        clients=CLIENTS,
        tokens=opened_office.tokens,
        keys=opened_office.keys,
        passwords=opened_office.passwords,
        staff=opened_office.staff,
        directory=opened_office.directory,
        parts=(),
    )
    return Teller(installation=installation, http=api.http)


@pytest.fixture
def limits_that_last(closed_office: Any) -> None:
    """Give the orders limits that outlast the test."""
    closed_office.policy = "standard"


@pytest.mark.usefixtures("limits_that_last")
async def test_every_page_takes_few_statements_and_few_bytes(api: Api) -> None:
    async with api.office.at_work():
        scene = await set_scene(
            teller_of(api), cookies_of(api.office.store, SECRET, "duty-1"), api.office.store
        )
        spent, weighs = {}, {}
        for page in PAGES:
            cookies = cookies_of(api.office.store, SECRET, page.who, page.step)
            last_step = await arrive(api.http, page, page.address(scene), cookies)
            with statements(api.office.store) as seen:
                shown = await last_step()
            assert shown.status_code == page.status, page
            spent[page.name], weighs[page.name] = len(seen), await weight(api.http, shown)
    assert {name: count for name, count in spent.items() if count > MOST_STATEMENTS} == {}
    assert {name: count for name, count in weighs.items() if count > MOST_BYTES} == {}
