"""Signing in: passwords, second factors, sessions, foreign pages, and the office's own provider."""

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from limits import parse
from sqlalchemy import text

from api.limits import RATES, Limits
from api.pages.rendering import texts
from domain.signin.accounts import PROFILES
from store.signin import accounts
from store.signin.accounts import accept_code, begin_enrolment
from tests.api.conftest import SECRET
from tests.support.browser import PASSWORD, Browser, account
from tests.support.office import Office, now
from tests.support.page import Page


class TestSigningIn:
    async def test_leads_to_the_page_that_was_wanted(self, site: Any, closed_office: Office) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        asked = await browser.get("/desk?scope=mine")
        assert (asked.status_code, asked.headers["location"]) == (
            303,
            "/signin?goes_to=%2Fdesk%3Fscope%3Dmine",
        )
        signed = await browser.post(asked.headers["location"], username="desk-1", password=PASSWORD)
        # A hidden field of the form says where to go next.
        assert signed.status_code == 303
        assert (await browser.get("/desk")).status_code == 200

    async def test_sets_a_cookie_that_nobody_else_can_read_or_cause(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        (cookie,) = (await browser.sign_in("desk-1")).headers.get_list("set-cookie")
        assert cookie.startswith("__Host-dingdan=")
        assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
            "httponly",
            "secure",
            "samesite=lax",
            "path=/",
        }

    async def test_answers_alike_for_wrong_names_and_wrong_passwords(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        answers = []
        for name in ("desk-1", "nobody", "leader-1"):
            response = await browser.sign_in(name, "Wrong-Password-1")
            assert response.status_code == 401
            answers.append(response.text.replace(name, "NAME"))
        assert len(set(answers)) == 1
        assert browser.cookies == {}

    async def test_locks_a_name_after_five_failures_whether_it_is_anybodys_or_not(
        self, site: Any, closed_office: Office
    ) -> None:
        service, browser = site
        account(closed_office, "desk-1")
        for name in ("desk-1", "nobody"):
            for _ in range(5):
                await browser.sign_in(name, "Wrong-Password-1")
            assert (await browser.sign_in(name)).status_code == 401
            with closed_office.store.read() as connection:
                until = accounts.locked_since_failures(connection, name, secret=SECRET, now=now())
            assert until is not None
        with closed_office.store.write() as connection:
            later = now() + service.profile.locks
            assert accounts.locked_since_failures(connection, "desk-1", secret=SECRET, now=later) is None
            accounts.forget_failures(connection, "desk-1", secret=SECRET)
        assert (await browser.sign_in("desk-1")).status_code == 303

    async def test_is_not_tried_too_often_from_one_address(self, site: Any) -> None:
        service, browser = site
        service.limits = Limits({**RATES, "wrong_sign_in": parse("2/minute")})
        for _ in range(2):
            assert (await browser.sign_in("nobody")).status_code == 401
        limited = await browser.sign_in("nobody")
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "60")

    async def test_that_cannot_be_read_leads_back_to_the_sign_in_and_names_no_field_of_ours(
        self, site: Any
    ) -> None:
        _, browser = site
        answer = await browser.post("/signin", username="desk-1", password="x", goes_to="/" * 2_000)
        assert answer.status_code == 422
        assert "/signin" in Page(answer).links
        for name in ("goes_to", "username", "password", texts()["problem"]["home"]):
            assert name not in answer.text, name

    async def test_of_forty_colleagues_behind_one_address_is_not_limited(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        for _ in range(RATES["wrong_sign_in"].amount + 10):
            assert (await browser.sign_in("desk-1")).status_code == 303

    @pytest.mark.parametrize(
        "goes_to", ["//evil.example", "https://evil.example", "/\\evil.example", "x", "/\n"]
    )
    async def test_never_leads_to_another_site(self, site: Any, closed_office: Office, goes_to: str) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        response = await browser.post("/signin", username="desk-1", password=PASSWORD, goes_to=goes_to)
        assert response.headers["location"] == "/desk"

    async def test_asks_for_a_new_password_where_one_is_due(self, site: Any, closed_office: Office) -> None:
        _, browser = site
        account(closed_office, "desk-1", must_change=True)
        first = await browser.sign_in("desk-1")
        assert first.headers["location"].startswith("/signin/password")
        assert (await browser.get("/desk")).status_code == 303
        for wanted, again in (
            ("short", "short"),
            ("desk-1-Password", "desk-1-Password"),
            ("Good-Enough-77", "x"),
        ):
            wrong = await browser.post("/signin/password", present=PASSWORD, wanted=wanted, again=again)
            assert wrong.status_code == 422
            assert Page(wrong).faults
        done = await browser.post(
            "/signin/password", present=PASSWORD, wanted="Good-Enough-77", again="Good-Enough-77"
        )
        assert done.headers["location"] == "/desk"
        assert (await browser.get("/desk")).status_code == 200
        assert (await Browser(browser.http).sign_in("desk-1")).status_code == 401

    async def test_asks_for_a_new_password_when_the_old_one_has_expired(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        with closed_office.store.write() as connection:
            connection.execute(
                text("UPDATE account SET password_set_at = :then"),
                {"then": (now() - timedelta(days=91)).replace(tzinfo=None)},
            )
        assert (await browser.sign_in("desk-1")).headers["location"].startswith("/signin/password")


async def shown_secret(browser: Browser) -> str:
    """Return the letters that the page of the second factor shows for who cannot take its picture."""
    letters = Page(await browser.get("/signin/enrol")).part("main strong").text
    assert re.fullmatch(r"[A-Z2-7 ]+", letters)
    return letters.replace(" ", "")


class TestASecondFactor:
    async def test_is_enrolled_by_a_leader_at_the_first_sign_in_and_asked_for_later(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "leader-1")
        assert (await browser.sign_in("leader-1")).headers["location"].startswith("/signin/enrol")
        shared = await shown_secret(browser)
        totp = pyotp.TOTP(shared)
        assert (await browser.post("/signin/enrol", code="000000")).status_code == 401
        before = dict(browser.cookies)
        code = totp.now()
        assert (await browser.post("/signin/enrol", code=code)).headers["location"] == "/desk"
        assert browser.cookies != before, "an id from before the second factor opens nothing"
        assert (await browser.get("/desk")).status_code == 200
        again = Browser(browser.http)
        assert (await again.sign_in("leader-1")).headers["location"].startswith("/signin/code")
        assert (await again.get("/desk")).status_code == 303
        replayed = await again.post("/signin/code", code=code)
        assert replayed.status_code == 401, "a code counts once"
        following = totp.at(int(now().timestamp()) + 30)
        assert (await again.post("/signin/code", code=following)).headers["location"] == "/desk"

    async def test_is_never_replaced_once_it_is_confirmed_whoever_has_begun_before(
        self, site: Any, closed_office: Office
    ) -> None:
        """Another person with the password is at the same step, and comes back later."""
        _, browser = site
        account(closed_office, "leader-1")
        late = Browser(browser.http)
        for each in (browser, late):
            assert (await each.sign_in("leader-1")).headers["location"].startswith("/signin/enrol")
        shared = await shown_secret(browser)
        held = dict(late.cookies)
        totp = pyotp.TOTP(shared)
        assert (await browser.post("/signin/enrol", code=totp.now())).headers["location"] == "/desk"
        for _ in range(2):
            late.cookies = dict(held)
            assert (await late.get("/signin/enrol")).status_code == 303, "the session before has ended"
        with closed_office.store.write() as connection:
            assert begin_enrolment(connection, "leader-1", secret=SECRET) is None
        again = Browser(browser.http)
        assert (await again.sign_in("leader-1")).headers["location"].startswith("/signin/code")
        following = totp.at(int(now().timestamp()) + 30)
        assert (await again.post("/signin/code", code=following)).headers["location"] == "/desk"
        assert len(closed_office.rows("SELECT 1 FROM audit WHERE act = 'second_factor_enrolled'")) == 1

    async def test_cannot_be_guessed_by_signing_in_again_and_again(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "leader-1")
        with closed_office.store.write() as connection:
            shared = begin_enrolment(connection, "leader-1", secret=SECRET)
            assert shared
            now_code = pyotp.TOTP(shared).at(int(now().timestamp()) - 30)
            assert accept_code(connection, "leader-1", now_code, secret=SECRET, now=now())
        right = pyotp.TOTP(shared).at(int(now().timestamp()) + 30)
        tries = 0
        for _ in range(2):
            await browser.sign_in("leader-1")
            for _ in range(PROFILES["mlps"].failures - 2):
                tries += 1
                assert (await browser.post("/signin/code", code="000000")).status_code == 401
        assert tries > PROFILES["mlps"].failures
        assert (await browser.post("/signin/code", code=right)).status_code == 401, "the name is locked"

    async def test_that_was_sealed_under_another_key_is_named_as_such(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "leader-1")
        with closed_office.store.write() as connection:
            shared = begin_enrolment(connection, "leader-1", secret="another-secret")
            assert shared
            code = pyotp.TOTP(shared).now()
            assert accept_code(connection, "leader-1", code, secret="another-secret", now=now())
        await browser.sign_in("leader-1")
        answer = await browser.post("/signin/code", code=code)
        assert answer.status_code == 409
        assert "请联系系统管理员" in answer.text
        assert closed_office.rows("SELECT failures FROM sign_in_failure") == [], "nobody was wrong"

    async def test_that_was_only_begun_under_another_key_is_begun_anew(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "leader-1")
        with closed_office.store.write() as connection:
            begin_enrolment(connection, "leader-1", secret="another-secret")
        await browser.sign_in("leader-1")
        assert (await browser.post("/signin/enrol", code="000000")).status_code == 401
        shared = await shown_secret(browser)
        code = pyotp.TOTP(shared).now()
        assert (await browser.post("/signin/enrol", code=code)).headers["location"] == "/desk"

    async def test_is_kept_sealed(self, site: Any, closed_office: Office) -> None:
        _, browser = site
        account(closed_office, "leader-1")
        await browser.sign_in("leader-1")
        shared = await shown_secret(browser)
        with closed_office.store.read() as connection:
            sealed = connection.execute(text("SELECT totp_sealed FROM account")).scalar_one()
        assert shared not in sealed
