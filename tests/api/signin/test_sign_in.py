"""Signing in: passwords, second factors, sessions, foreign pages, and the office's own provider."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pyotp
import pytest
from limits import parse
from sqlalchemy import text

from api.app import create_app
from api.limits import RATES, Limits
from api.pages.rendering import texts
from api.service import Service
from api.sessions import COOKIE
from domain.signin.accounts import PROFILES, SignInStep
from runtime.machine.leash import leash_environment, leashed
from runtime.machine.ports import free_port
from runtime.oidc import Provider
from runtime.passwords import hash_password
from runtime.settings import Settings
from runtime.temporal import Orders
from store.attachment.files import FileStore
from store.office.people import dismiss
from store.signin import accounts
from store.signin.accounts import accept_code, begin_enrolment
from store.signin.sessions import Method, begin_session
from tests.api.conftest import _NO_FOLDER, SECRET
from tests.support.machine.oidc_provider import CLIENT_ID, CLIENT_SECRET
from tests.support.office import Office, now

ROOT = Path(__file__).parents[3]
PASSWORD = "Correct-Horse-42"
HASH = hash_password(PASSWORD)
PAGE = {"Accept": "text/html"}
HOST = "http://office.example"


class Browser:
    """A browser as far as signing in needs one: it keeps cookies, follows nothing, and sends forms of our pages."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        """Begin without cookies."""
        self.http = http
        self.cookies: dict[str, str] = {}

    async def send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send a request with the cookies, and keep what is set."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = PAGE | ({"Cookie": cookie} if cookie else {}) | more.pop("headers", {})
        response = await self.http.request(method, path, headers=headers, **more)
        for each in response.headers.get_list("set-cookie"):
            name, _, value = each.partition(";")[0].partition("=")
            if "Max-Age=0" in each or value in {"", '""'}:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return response

    async def get(self, path: str) -> httpx2.Response:
        """Open a page."""
        return await self.send("GET", path)

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        """Send a form of the page that stands there, with its hidden fields."""
        shown = (await self.get(path)).text
        csrf = re.search(r'name="csrf" value="([^"]*)"', shown)
        headers = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}
        hidden = {"csrf": csrf[1]} if csrf and csrf[1] else {}
        return await self.send("POST", path, data=hidden | fields, headers=headers)

    async def press(self, shown_at: str, to: str, **fields: str) -> httpx2.Response:
        """Send a form that stands on another page than it is sent to, or is made of a button alone."""
        csrf = re.search(r'name="csrf" value="([^"]+)"', (await self.get(shown_at)).text)
        assert csrf
        return await self.send("POST", to, data={"csrf": csrf[1], **fields}, headers={"Origin": HOST})

    async def sign_in(self, username: str, password: str = PASSWORD) -> httpx2.Response:
        """Give name and password."""
        return await self.post("/signin", username=username, password=password)


def account(office: Office, username: str, *, must_change: bool = False) -> None:
    with office.store.write() as connection:
        accounts.set_password(
            connection, username, password_hash=HASH, must_change=must_change, by="x", now=now()
        )


@asynccontextmanager
async def running(
    office: Office, *, public_url: str = HOST, **more: Any
) -> AsyncIterator[tuple[Service, httpx2.AsyncClient]]:
    service = Service(
        store=office.store,
        files=FileStore(_NO_FOLDER),
        orders=Orders(),
        secret=SECRET,
        policy="standard",
        public_url=public_url,
        threads=4,
        **more,
    )
    transport = httpx2.ASGITransport(app=create_app(service), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=HOST) as http:
        yield service, http
    await service.close()


@pytest.fixture
async def site(closed_office: Office) -> AsyncIterator[tuple[Service, Browser]]:
    async with running(closed_office) as (service, http):
        yield service, Browser(http)


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
        # The form's own address carries where to go in a hidden field.
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
        assert 'href="/signin"' in answer.text
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
            assert 'role="alert"' in wrong.text
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


class TestASecondFactor:
    async def test_is_enrolled_by_a_leader_at_the_first_sign_in_and_asked_for_later(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "leader-1")
        assert (await browser.sign_in("leader-1")).headers["location"].startswith("/signin/enrol")
        shown = (await browser.get("/signin/enrol")).text
        shared = re.search(r"<strong>([A-Z2-7 ]+)</strong>", shown)
        assert shared
        totp = pyotp.TOTP(shared[1].replace(" ", ""))
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
        """Somebody else with the password stands at the same step, and comes back later."""
        _, browser = site
        account(closed_office, "leader-1")
        late = Browser(browser.http)
        for each in (browser, late):
            assert (await each.sign_in("leader-1")).headers["location"].startswith("/signin/enrol")
        shared = re.search(r"<strong>([A-Z2-7 ]+)</strong>", (await browser.get("/signin/enrol")).text)
        assert shared
        held = dict(late.cookies)
        totp = pyotp.TOTP(shared[1].replace(" ", ""))
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
        shared = re.search(r"<strong>([A-Z2-7 ]+)</strong>", (await browser.get("/signin/enrol")).text)
        assert shared
        code = pyotp.TOTP(shared[1].replace(" ", "")).now()
        assert (await browser.post("/signin/enrol", code=code)).headers["location"] == "/desk"

    async def test_is_kept_sealed(self, site: Any, closed_office: Office) -> None:
        _, browser = site
        account(closed_office, "leader-1")
        await browser.sign_in("leader-1")
        shared = re.search(r"<strong>([A-Z2-7 ]+)</strong>", (await browser.get("/signin/enrol")).text)
        assert shared
        with closed_office.store.read() as connection:
            sealed = connection.execute(text("SELECT totp_sealed FROM account")).scalar_one()
        assert shared[1].replace(" ", "") not in sealed


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


class TestAForeignPage:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ],
    )
    async def test_changes_nothing_whatever_it_knows(
        self, site: Any, closed_office: Office, headers: dict[str, str]
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        token = re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/desk")).text)
        assert token
        for path in ("/signin/out", "/signin/password", "/elder", "/signin"):
            response = await browser.send("POST", path, data={"csrf": token[1]}, headers=headers)
            assert response.status_code == 403, path
        assert (await browser.get("/desk")).status_code == 200

    @pytest.mark.parametrize("token", ["", "guessed", "of-another-session"])
    async def test_without_the_sessions_token_changes_nothing(
        self, site: Any, closed_office: Office, token: str
    ) -> None:
        _, browser = site
        for name in ("desk-1", "desk-2"):
            account(closed_office, name)
        other = Browser(browser.http)
        await other.sign_in("desk-2")
        if token == "of-another-session":
            found = re.search(r'name="csrf" value="([^"]+)"', (await other.get("/desk")).text)
            assert found
            token = found[1]
        await browser.sign_in("desk-1")
        response = await browser.send(
            "POST",
            "/signin/out",
            data={"csrf": token},
            headers={"Origin": HOST, "Sec-Fetch-Site": "same-origin"},
        )
        assert response.status_code == 403
        json = await browser.send(
            "POST", "/api/v1/tasks/x/claim", headers={"Origin": HOST, "Accept": "application/json"}
        )
        assert (json.status_code, json.json()["code"]) == (403, "foreign_page")

    async def test_that_comes_too_late_shows_what_was_typed(self, site: Any, closed_office: Office) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        fields = {"csrf": "old", "text": "写了很久的话", "password": "secret-of-mine"}
        shown = await browser.send("POST", "/signin/out", data=fields, headers={"Origin": HOST})
        assert "写了很久的话" in shown.text
        assert "secret-of-mine" not in shown.text


class TestEveryPage:
    async def test_is_protected_and_loads_nothing_from_elsewhere(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        pages = [await browser.get("/signin"), await browser.get("/nothing-here")]
        await browser.sign_in("desk-1")
        pages += [await browser.get(path) for path in ("/desk", "/signin/password")]
        for shown in pages:
            policy = shown.headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy
            assert shown.headers["cache-control"] == "no-store"
            for address in re.findall(r'(?:src|href|action)="([^"]+)"', shown.text):
                assert address.startswith(("/", "?", "#", "data:image/svg+xml")), address
            assert "<script>" not in shown.text
            assert " style=" not in shown.text
            assert '<html lang="zh-CN"' in shown.text

    async def test_is_shown_large_to_who_wants_it(self, site: Any) -> None:
        _, browser = site
        assert 'class="elder"' not in (await browser.get("/signin")).text
        chosen = await browser.send(
            "POST", "/elder", data={"on": "1", "back": "/signin"}, headers={"Origin": HOST}
        )
        assert chosen.headers["location"] == "/signin"
        assert 'class="elder"' in (await browser.get("/signin")).text

    async def test_has_its_style_under_a_name_that_may_be_kept_for_ever(self, site: Any) -> None:
        _, browser = site
        address = re.search(r'href="(/static/style\.[0-9a-f]+\.css)"', (await browser.get("/signin")).text)
        assert address
        sheet = await browser.get(address[1])
        assert "immutable" in sheet.headers["cache-control"]
        assert (await browser.get("/static/..%2f..%2fapp.py")).status_code == 404

    def test_has_no_text_of_its_own(self) -> None:
        """Every text stands in `texts.toml`."""
        for template in (ROOT / "api" / "templates").rglob("*.html"):
            assert not re.search(r"[\u3400-\u9fff]", template.read_text(encoding="utf-8")), template

    async def test_is_asked_for_by_tls_alone_where_the_office_serves_it_so(
        self, closed_office: Office
    ) -> None:
        for public_url, expected in (
            ("https://office.example", "max-age=31536000"),
            ("http://office.example", None),
        ):
            async with running(closed_office, public_url=public_url) as (_, http):
                headers = (await http.get("/signin", headers=PAGE)).headers
                assert headers.get("strict-transport-security") == expected


@pytest.fixture(scope="session")
async def issuer() -> AsyncIterator[str]:
    """Run a small provider as a process of its own."""
    port = free_port(0, taken=[])
    process = await asyncio.create_subprocess_exec(
        *leashed([sys.executable, "-m", "tests.support.machine.oidc_provider", str(port)]),
        cwd=ROOT,
        env={**os.environ, **leash_environment()},
    )
    address = f"http://127.0.0.1:{port}"
    async with asyncio.timeout(20), httpx2.AsyncClient() as http:
        while True:
            try:
                await http.get(f"{address}/keys")
                break
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)
    yield address
    process.terminate()
    await process.wait()


class TestTheProvider:
    @asynccontextmanager
    async def site(self, office: Office, issuer: str) -> AsyncIterator[tuple[Browser, Provider]]:
        provider = Provider(
            issuer=issuer,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            returns_to=f"{HOST}/signin/return",
            username_claim=Settings.model_fields["oidc_username_claim"].default,
        )
        async with running(office, provider=provider) as (_, http):
            yield Browser(http), provider

    async def choose(self, issuer: str, **wanted: str) -> None:
        async with httpx2.AsyncClient() as http:
            await http.get(f"{issuer}/choose", params=wanted)

    async def there_and_back(self, browser: Browser, **changed: str) -> httpx2.Response:
        left = await browser.get("/signin/provider?goes_to=/desk?scope=mine")
        async with httpx2.AsyncClient() as http:
            sent_back = await http.get(left.headers["location"])
        query = {
            name: value[0] for name, value in parse_qs(urlsplit(sent_back.headers["location"]).query).items()
        }
        return await browser.send("GET", "/signin/return", params=query | changed)

    async def test_says_who_somebody_is(self, closed_office: Office, issuer: str) -> None:
        await self.choose(issuer, sub="desk-1")
        async with self.site(closed_office, issuer) as (browser, _):
            back = await self.there_and_back(browser)
            assert (back.status_code, back.headers["location"]) == (303, "/desk?scope=mine")
            assert (await browser.get("/desk")).status_code == 200

    async def test_is_not_asked_what_somebody_chose_to_be_called(
        self, closed_office: Office, issuer: str
    ) -> None:
        await self.choose(issuer, sub="desk-1", called="leader-1")
        async with self.site(closed_office, issuer) as (browser, _):
            assert (await self.there_and_back(browser)).status_code == 303
        begun = closed_office.rows("SELECT username FROM session")
        assert begun == [{"username": "desk-1"}]

    async def test_may_change_its_keys(self, closed_office: Office, issuer: str) -> None:
        await self.choose(issuer, sub="desk-1")
        async with self.site(closed_office, issuer) as (browser, provider):
            assert (await self.there_and_back(browser)).status_code == 303
            await self.choose(issuer, sub="desk-1", rotate="another")
            # They were read within the last half minute, and are not looked for so often.
            assert (await self.there_and_back(Browser(browser.http))).status_code == 401
            provider._read_at -= 60
            assert (await self.there_and_back(Browser(browser.http))).status_code == 303

    @pytest.mark.parametrize(
        ("chosen", "changed"),
        [
            ({"sub": "nobody"}, {}),
            ({"sub": "desk-1", "nonce": "foreign"}, {}),
            ({"sub": "desk-1", "audience": "another-client"}, {}),
            ({"sub": "desk-1"}, {"state": "foreign"}),
            ({"sub": "desk-1"}, {"code": "foreign"}),
            ({"sub": "desk-1"}, {"code": ""}),
        ],
    )
    async def test_is_not_believed_what_does_not_belong_to_this_sign_in(
        self, closed_office: Office, issuer: str, chosen: dict[str, str], changed: dict[str, str]
    ) -> None:
        await self.choose(issuer, **chosen)
        async with self.site(closed_office, issuer) as (browser, _):
            back = await self.there_and_back(browser, **changed)
            assert back.status_code == 401
            assert "__Host-dingdan" not in browser.cookies
            assert (await browser.get("/desk")).status_code == 303

    async def test_brings_nobody_back_to_another_browser_or_twice(
        self, closed_office: Office, issuer: str
    ) -> None:
        await self.choose(issuer, sub="desk-1")
        async with self.site(closed_office, issuer) as (browser, _):
            left = await browser.get("/signin/provider")
            async with httpx2.AsyncClient() as http:
                address = (await http.get(left.headers["location"])).headers["location"]
            query = urlsplit(address).query
            victim = Browser(browser.http)
            await victim.get(f"/signin/return?{query}")
            assert "__Host-dingdan" not in victim.cookies
            assert (await browser.get(f"/signin/return?{query}")).status_code == 303
            assert (await Browser(browser.http).get(f"/signin/return?{query}")).status_code == 401

    async def test_that_is_away_leaves_the_password(self, closed_office: Office) -> None:
        account(closed_office, "desk-1")
        nowhere = f"http://127.0.0.1:{free_port(0, taken=[])}"
        async with self.site(closed_office, nowhere) as (browser, _):
            assert (await browser.get("/signin/provider")).status_code == 503
            assert (await browser.sign_in("desk-1")).status_code == 303
