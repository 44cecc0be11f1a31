"""`dingdan doctor`: its findings on settings and on messages."""

from pathlib import Path

import pytest

import doctor
from store.database import Store
from store.migrating import migrate
from store.signin.secret_key import check


async def said_by_doctor() -> dict[str, str]:
    lines: list[str] = []
    await doctor.examine(lines.append)
    return {line[9:].partition(":")[0].strip(): line for line in lines}


class TestDoctor:
    async def test_names_a_policy_that_was_never_published(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("DINGDAN_SECRET_KEY", "a-secret-of-the-tests-that-is-long-enough")
        monkeypatch.setenv("DINGDAN_DATABASE_URL", f"sqlite:///{tmp_path / 'office.db'}")
        monkeypatch.setenv("DINGDAN_POLICY", "no-such-book")
        said = await said_by_doctor()
        assert said["settings"].startswith("MISSING")
        assert "no-such-book" in said["settings"]

    async def test_says_that_nobody_is_told_without_a_provider_of_messages(self) -> None:
        said = await said_by_doctor()
        assert said["messages"].startswith("note")
        assert "reach nobody" in said["messages"]

    async def test_names_a_secret_key_that_is_another_than_the_stores(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        url = f"sqlite:///{tmp_path / 'office.db'}"
        store = Store(url)
        migrate(store.engine)
        check(store, "a-secret-of-the-tests-that-is-long-enough")
        store.close()
        monkeypatch.setenv("DINGDAN_DATABASE_URL", url)
        monkeypatch.setenv("DINGDAN_SECRET_KEY", "a-secret-of-the-tests-that-is-long-enough")
        assert (await said_by_doctor())["secret key"].startswith("ok")
        monkeypatch.setenv("DINGDAN_SECRET_KEY", "another-secret-of-the-tests-long-enough-too")
        said = await said_by_doctor()
        assert said["secret key"].startswith("MISSING")
        assert "put the former key back" in said["secret key"]

    @pytest.mark.parametrize(("claim", "told"), [("", "ok"), ("employee_no", "ok"), ("email", "note")])
    async def test_names_a_claim_that_people_may_change_at_the_provider(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, claim: str, told: str
    ) -> None:
        monkeypatch.setenv("DINGDAN_SECRET_KEY", "a-secret-of-the-tests-that-is-long-enough")
        monkeypatch.setenv("DINGDAN_DATABASE_URL", f"sqlite:///{tmp_path / 'office.db'}")
        monkeypatch.setenv("DINGDAN_OIDC_ISSUER", "https://id.office.example")
        monkeypatch.setenv("DINGDAN_OIDC_USERNAME_CLAIM", claim)
        said = await said_by_doctor()
        assert said["sign-in"].startswith(told)
        assert told == "ok" or "`email`" in said["sign-in"]
