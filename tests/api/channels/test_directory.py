"""`GET /directory`: the codes that may be named now, and the refusal of all others."""

from typing import Any

from tests.api.conftest import Api
from tests.support.reorganised import loaded

URL = "/api/v1/directory"


class TestTheDirectory:
    async def test_is_read_with_any_key(self, api: Api) -> None:
        for headers in (api.channel(), api.staff("desk-1")):
            answer = (await api.http.get(URL, headers=headers)).json()
            assert answer["version"] == 0
            assert len(answer["communities"]) == 12
        assert (await api.http.get(URL)).status_code == 401

    async def test_shows_what_is_open_with_names_and_what_is_inherited(self, api: Api) -> None:
        loaded(api.office.store)
        answer = (await api.http.get(URL, headers=api.channel())).json()
        assert answer["version"] == 1
        assert "community-03" not in answer["communities"]
        units = {each["code"]: each for each in answer["units"]}
        assert units["street-safety"] == {
            "code": "street-safety",
            "name": "安全办（示例）",
            "tier": "street",
            "parent": "street",
            "handles_orders": True,
        }
        assert not units["street"]["handles_orders"]
        categories = {each["code"]: each for each in answer["categories"]}
        assert "consultation" not in categories
        assert categories["safety"]["class"] == "urgent"
        assert categories["safety"]["evidence"] == 1

    async def test_says_what_a_form_offers(self, api: Api) -> None:
        placed = await api.placed(category="noise")
        loaded(api.office.store)
        staff = api.staff("duty-1")
        tasks = (await api.http.get("/api/v1/tasks", params={"scope": "tier"}, headers=staff)).json()["items"]
        task_id = next(each["task_id"] for each in tasks if each["order_no"] == placed["order_no"])
        task = (await api.http.get(f"/api/v1/tasks/{task_id}", headers=staff)).json()
        refer = next(each for each in task["outcomes"] if each["name"] == "refer")
        assert "community-04" in refer["schema"]["properties"]["unit"]["enum"]
        assert "community-03" not in refer["schema"]["properties"]["unit"]["enum"]
        wrong = {"outcome": "refer", "fields": {"text": "请派单", "unit": "community-03"}}
        answer = await api.http.post(f"/api/v1/tasks/{task_id}/decision", json=wrong, headers=staff)
        assert answer.status_code == 422
        assert "community-04" in answer.json()["errors"][0]["reason"]


class TestAnOrder:
    async def test_of_a_closed_community_or_category_is_refused_with_the_valid_ones(self, api: Api) -> None:
        first = await api.place(category="consultation")
        loaded(api.office.store)
        again = await api.place(category="consultation")
        assert (again.status_code, again.json()) == (201, first.json())
        for number, (body, field) in enumerate(
            (
                ({"category": "consultation"}, "category"),
                ({"place": {"community": "community-03"}}, "place.community"),
            )
        ):
            place: Any = {"place": {"community": "community-04"}}
            place |= body
            answer = await api.place(key=f"key-1000000{number}", **place)
            assert (answer.status_code, answer.json()["code"]) == (422, "unknown_code")
            (error,) = answer.json()["errors"]
            assert error["field"] == field
            assert "community-04" in error["reason"] or "noise" in error["reason"]
