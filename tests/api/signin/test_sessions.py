"""Sessions: how long they last, and what ends them."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from api.sessions import COOKIE
from domain.signin.accounts import PROFILES, SignInStep
from store.office.people import dismiss
from store.signin.sessions import Method, begin_session
from tests.api.conftest import SECRET
from tests.support.browser import PASSWORD, account
from tests.support.office import Office, now


class TestASession:
    async def test_ends_with_the_service_of_its_owner_from_the_next_request_on(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        assert (await browser.get("/desk")).status_code == 200
        with closed_office.store.write() as connection:
            dismiss(connection, "desk-1", now=now())
        assert (await browser.get("/desk")).status_code == 303

    async def test_ends_when_the_same_browser_signs_in_anew(self, site: Any, closed_office: Office) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        before = dict(browser.cookies)
        await browser.press("/desk", "/signin", username="desk-1", password=PASSWORD)
        assert browser.cookies != before
        assert (await browser.get("/desk")).status_code == 200
        browser.cookies = before
        assert (await browser.get("/desk")).status_code == 303

    async def test_does_not_serve_to_search_the_password_of_its_owner(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        wanted = {"wanted": "Another-Secret-77", "again": "Another-Secret-77"}
        for _ in range(PROFILES["mlps"].failures):
            await browser.post("/signin/password", present="wrong", **wanted)
        right = await browser.post("/signin/password", present=PASSWORD, **wanted)
        assert right.status_code == 422, "the name is locked"
        refused = closed_office.rows("SELECT actor, data FROM audit WHERE act = 'sign_in_refused'")
        assert [each["actor"] for each in refused] == ["desk-1"] * PROFILES["mlps"].failures

    async def test_ends_at_signing_out(self, site: Any, closed_office: Office) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        kept = dict(browser.cookies)
        await browser.press("/desk", "/signin/out")
        assert browser.cookies == {}
        browser.cookies = kept
        assert (await browser.get("/desk")).status_code == 303

    @pytest.mark.parametrize(
        ("column", "limit", "is_in"),
        [("seen_at", "idle", False), ("begun_at", "absolute", False), ("seen_at", "half", True)],
    )
    async def test_ends_when_it_is_idle_or_too_old(
        self, site: Any, closed_office: Office, column: str, limit: str, is_in: bool
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        profile = PROFILES["mlps"]
        ago = {"idle": profile.idle, "absolute": profile.absolute, "half": profile.idle / 2}[limit]
        with closed_office.store.write() as connection:
            connection.execute(
                text(f"UPDATE session SET {column} = :then"),  # noqa: S608 - a column of this test
                {"then": (now() - ago).replace(tzinfo=None)},
            )
        assert ((await browser.get("/desk")).status_code == 200) is is_in

    async def test_is_not_kept_alive_by_what_a_page_asks_for_by_itself(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        long_ago = (now() - PROFILES["mlps"].idle / 2).replace(tzinfo=None)
        with closed_office.store.write() as connection:
            connection.execute(text("UPDATE session SET seen_at = :then"), {"then": long_ago})
        seen = []
        for headers in ({"HX-Request": "true"}, {}):
            assert (await browser.send("GET", "/desk", headers=headers)).status_code == 200
            seen += closed_office.rows("SELECT seen_at FROM session WHERE ended_at IS NULL")
        polled, opened = (datetime.fromisoformat(str(each["seen_at"])) for each in seen)
        assert polled == long_ago
        assert opened > long_ago

    async def test_of_who_is_in_already_never_leads_in_a_circle(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        path = "/signin/code?goes_to=/desk"
        for _ in range(4):
            answer = await browser.get(path)
            if answer.status_code == 200:
                break
            path = answer.headers["location"]
        assert (answer.status_code, path) == (200, "/desk")
        with closed_office.store.write() as connection:
            dismiss(connection, "desk-1", now=now())
        assert (await browser.get("/desk")).headers["location"].startswith("/signin")
        assert (await browser.get("/signin?goes_to=/desk")).status_code == 200, (
            "somebody else may sign in here"
        )

    async def test_by_password_alone_opens_no_rights_that_came_since_and_ask_for_more(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        assert (await browser.get("/desk")).status_code == 200
        with closed_office.store.write() as connection:
            connection.execute(
                text("INSERT INTO staff_role (username, role) VALUES ('desk-1', 'street_leader')")
            )
        assert (await browser.get("/desk")).headers["location"] == "/signin?goes_to=%2Fdesk"
        assert (await browser.get("/signin?goes_to=%2Fdesk")).status_code == 200
        again = await browser.sign_in("desk-1")
        assert again.headers["location"].startswith("/signin/enrol")

    async def test_leads_who_has_no_inbox_to_what_is_theirs(self, site: Any, closed_office: Office) -> None:
        """An administrator reads no order."""
        _, browser = site
        with closed_office.store.write() as connection:
            browser.cookies[COOKIE] = begin_session(
                connection,
                "administrator-1",
                step=SignInStep.OPEN,
                method=Method.PASSWORD_AND_CODE,
                secret=SECRET,
                now=now(),
            )
        assert (await browser.get("/desk")).headers["location"] == "/desk/operations"
        assert (await browser.get("/desk/operations")).status_code == 200
        assert (await browser.get("/desk/orders")).status_code == 403

    async def test_stands_in_the_store_as_a_hash_alone(self, site: Any, closed_office: Office) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        with closed_office.store.read() as connection:
            rows = str(connection.execute(text("SELECT * FROM session")).all())
        assert browser.cookies["__Host-dingdan"] not in rows
