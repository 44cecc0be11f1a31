"""The key behind the store's hashes and seals."""

from functools import partial

import pyotp
import pytest
from sqlalchemy import text

from api.typed.phones import phone_keys
from domain.doors import CredentialKind
from domain.signin.accounts import PROFILES, SignInStep
from store.database import Store
from store.matter.reach import Scope
from store.order.finding import list_of_caller
from store.order.requesters import find_callers_by
from store.signin.accounts import accept_code, begin_enrolment, count_failure, find_account, set_password
from store.signin.credentials import find_subject, mint
from store.signin.secret_key import AnotherSecretKey, check, is_known, take_in
from store.signin.sessions import Method, begin_session, find_session
from tests.store.taking import take
from tests.support.office import now

FORMER, LATTER = "the-former-key-of-this-very-store", "the-latter-key-of-this-very-store"
PHONE = "021-5555 0199 或 138 0000 0000"
LATTER_KEYS = partial(phone_keys, LATTER)


class TestAStoreThatIsUsedWithAKey:
    def test_remembers_the_first_and_refuses_another(self, store: Store) -> None:
        with store.read() as connection:
            assert is_known(connection, FORMER) is None
        check(store, FORMER)
        check(store, FORMER)
        with pytest.raises(
            AnotherSecretKey, match=r"put the former key back, or, .* dingdan secret-key --take-in"
        ):
            check(store, LATTER)

    def test_keeps_nothing_that_the_key_could_be_read_from(self, store: Store) -> None:
        check(store, FORMER)
        with store.read() as connection:
            (row,) = connection.execute(text("SELECT * FROM secret_mark")).all()
        assert FORMER not in str(row)


class TestANewKeyThatIsTakenIn:
    def test_ends_or_makes_anew_all_that_hung_on_the_former(self, store: Store) -> None:
        check(store, FORMER)
        with store.write() as connection:
            set_password(connection, "leader-1", password_hash="x", must_change=False, by="x", now=now())
            shared = begin_enrolment(connection, "leader-1", secret=FORMER)
            assert shared
            assert accept_code(connection, "leader-1", pyotp.TOTP(shared).now(), secret=FORMER, now=now())
            token = mint(connection, secret=FORMER, kind=CredentialKind.STAFF, subject="desk-1", now=now())
            session_id = begin_session(
                connection, "desk-1", step=SignInStep.OPEN, method=Method.PASSWORD, secret=FORMER, now=now()
            )
            count_failure(connection, "desk-1", profile=PROFILES["mlps"], secret=FORMER, now=now())
        with store.write() as connection:
            taken = take_in(
                connection,
                LATTER,
                hash_again=partial(find_callers_by, phone_keys=LATTER_KEYS),
                by="somebody",
                now=now(),
            )
        check(store, LATTER)
        with pytest.raises(AnotherSecretKey):
            check(store, FORMER)
        assert (taken.second_factors, taken.credentials) == (["leader-1"], 1)
        with store.write() as connection:
            account = find_account(connection, "leader-1")
            assert account is not None
            assert not account.has_totp
            assert begin_enrolment(connection, "leader-1", secret=LATTER)
            for secret in (FORMER, LATTER):
                assert find_subject(connection, secret=secret, token=token) is None
                assert (
                    find_session(connection, session_id, profile=PROFILES["mlps"], secret=secret, now=now())
                    is None
                )
            assert connection.scalar(text("SELECT count(*) FROM sign_in_failure")) == 0
            acts = connection.scalars(
                text("SELECT act FROM audit WHERE actor = 'somebody' ORDER BY id")
            ).all()
        assert acts == ["second_factor_removed", "secret_key_taken_in"]

    def test_lets_callers_be_found_by_their_numbers_again(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("store.order.requesters._BATCH", 2)
        who = {"name": None, "phone": PHONE, "email": None, "wechat_openid": None}
        former = phone_keys(FORMER, PHONE)
        numbers = [take(store, requester=who, phone_keys=former).order_no for _ in range(5)]
        for nobodys in ("-", None):
            take(store, requester={**who, "phone": nobodys})
        with store.write() as connection:
            assert take_in(
                connection,
                LATTER,
                hash_again=partial(find_callers_by, phone_keys=LATTER_KEYS),
                by="somebody",
                now=now(),
            ).callers == len(numbers)
            for written in ("(021) 55550199", "+86 13800000000"):
                found = list_of_caller(
                    connection, LATTER_KEYS(written), Scope(everything=True), with_confidential=True
                )
                assert {row.order_no for row in found} == {*numbers}
