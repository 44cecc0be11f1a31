"""Channels and their keys."""

from domain.doors import CredentialKind
from store.database import Store
from store.signin.credentials import all_clients, mint, put_client, revoke
from tests.support.office import now

SECRET = "a-secret-of-the-tests-that-is-long-enough"


class TestAClient:
    def test_is_listed_as_revoked_once_all_its_keys_were_ended(self, store: Store) -> None:
        with store.write() as connection:
            for client_id in ("kept", "revoked"):
                put_client(connection, client_id=client_id, channel="wechat", now=now())
                mint(connection, secret=SECRET, kind=CredentialKind.CLIENT, subject=client_id, now=now())
            revoke(connection, kind=CredentialKind.CLIENT, subject="revoked", now=now())
            listed = {each.client_id: each.is_revoked for each in all_clients(connection)}
        assert (listed["kept"], listed["revoked"], listed["desk-pages"]) == (False, True, False)
