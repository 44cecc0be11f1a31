"""The site to sign in to."""

from collections.abc import AsyncIterator

import pytest

from api.service import Service
from tests.support.browser import Browser, running
from tests.support.office import Office


@pytest.fixture
async def site(closed_office: Office) -> AsyncIterator[tuple[Service, Browser]]:
    async with running(closed_office) as (service, http):
        yield service, Browser(http)
