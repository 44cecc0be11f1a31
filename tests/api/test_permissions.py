"""Who may pass which door, and what each caller sees behind it."""

from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import text

from api.app import Edge, create_app
from api.security import OpenDoor, StaffDoor, UndeclaredRoute, check_doors, doors
from api.service import Service
from domain.office.permissions import GRANTS
from domain.office.words import Role
from runtime.temporal import Orders
from store.attachment.files import FileStore
from store.office.people import StaffRow, put_staff
from tests.api.conftest import NO_FOLDER, SECRET, Api

TABLE = """
GET  /api/v1/attachments/{attachment_id}           read_orders channels
POST /api/v1/attachments                           attach_files channels
GET  /api/v1/decisions/{decision_id:path}          read_orders
GET  /api/v1/directory                             read_directory channels
GET  /api/v1/docs                                  everybody
GET  /api/v1/duties                                read_duties
GET  /api/v1/duties/periods                        read_duties
GET  /api/v1/duties/{duty_no}                      read_duties
GET  /api/v1/duties/{duty_no}/events               read_duties
GET  /api/v1/livez                                 everybody
GET  /api/v1/metrics                               everybody
GET  /api/v1/orders                                read_orders
GET  /api/v1/orders/{order_no}                     read_orders channels
GET  /api/v1/orders/{order_no}/events              read_orders channels
GET  /api/v1/readyz                                everybody
GET  /api/v1/tasks                                 read_orders
GET  /api/v1/tasks/{task_id}                       read_orders
GET  /api/v1/track/{tracking_code}                 everybody
GET  /livez                                        everybody
GET  /metrics                                      everybody
GET  /readyz                                       everybody
POST /api/v1/orders                                channels
POST /api/v1/orders/{order_no}/actions             act_on_orders
POST /api/v1/orders/{order_no}/contact             reveal_contacts
POST /api/v1/tasks/{task_id}/claim                 decide_tasks
POST /api/v1/tasks/{task_id}/decision              decide_tasks
POST /api/v1/tasks/{task_id}/release               decide_tasks
POST /api/v1/track/{tracking_code}/messages        everybody
POST /api/v1/track/{tracking_code}/rating          everybody
POST /api/v1/track/{tracking_code}/reopen          everybody
POST /api/v1/track/{tracking_code}/urge            everybody
POST /api/v1/track/{tracking_code}/withdraw        everybody
GET  /desk                                         read_orders
GET  /desk/dispatch                                decide_tasks
GET  /desk/duties                                  read_duties
GET  /desk/duties/{duty_no}                        read_duties
GET  /desk/new                                     place_orders
GET  /desk/new/{order_no}                          place_orders
GET  /desk/orders                                  read_orders
GET  /desk/orders/{order_no}                       read_orders
GET  /desk/orders/{order_no}/sheet                 read_orders
POST /desk/callers                                 reveal_contacts
POST /desk/dispatch                                decide_tasks
POST /desk/new                                     place_orders
POST /desk/new/similar                             place_orders
POST /desk/orders/{order_no}/actions               act_on_orders
POST /desk/orders/{order_no}/contact               reveal_contacts
GET  /desk/figures                                 read_figures
GET  /desk/figures/live                            read_figures
GET  /desk/operations                              operate
GET  /desk/tasks/{task_id}                         read_orders
POST /desk/tasks/{task_id}/claim                   decide_tasks
POST /desk/tasks/{task_id}/contact                 reveal_contacts
POST /desk/tasks/{task_id}/decision                decide_tasks
POST /desk/tasks/{task_id}/release                 decide_tasks
POST /desk/tasks/{task_id}/subject                 decide_tasks
POST /elder                                        everybody
GET  /signin                                       everybody
GET  /signin/code                                  everybody
GET  /signin/enrol                                 everybody
GET  /signin/password                              everybody
GET  /signin/provider                              everybody
GET  /signin/return                                everybody
POST /signin                                       everybody
POST /signin/code                                  everybody
POST /signin/enrol                                 everybody
POST /signin/out                                   everybody
POST /signin/password                              everybody
GET  /static/{name}                                everybody
GET  /                                             everybody
GET  /order                                        everybody
POST /order                                        everybody
GET  /t/{tracking_code}                            everybody
GET  /t/{tracking_code}/pictures/{attachment_id}   everybody
GET  /t/{tracking_code}/receipt                    everybody
POST /t/{tracking_code}/{action}                   everybody
GET  /track                                        everybody
POST /track                                        everybody
"""
"""Every route with the permission that opens it, written by hand: a new route or a changed door turns this red."""

RIGHTS: Mapping[Role, str] = {
    Role.COMMUNITY_WORKER: "act_on_orders attach_files decide_tasks place_orders read_directory read_duties read_orders"
    " reveal_contacts",
    Role.DUTY_OFFICER: "act_on_orders attach_files decide_tasks place_orders read_directory read_orders"
    " reveal_contacts",
    Role.STREET_DESK: "act_on_orders attach_files decide_tasks place_orders read_directory read_duties read_figures"
    " read_orders reveal_contacts",
    Role.UNIT_HANDLER: "act_on_orders attach_files decide_tasks read_directory read_duties read_orders reveal_contacts",
    Role.UNIT_HEAD: "act_on_orders attach_files decide_tasks read_directory read_duties read_figures read_orders"
    " reveal_contacts",
    Role.STREET_LEADER: "act_on_orders attach_files decide_tasks read_directory read_duties read_figures read_orders"
    " reveal_contacts",
    Role.LIAISON: "act_on_orders attach_files decide_tasks read_directory read_orders reveal_contacts",
    Role.DISTRICT_DESK: "act_on_orders attach_files decide_tasks read_directory read_duties read_figures read_orders"
    " reveal_contacts",
    Role.CALL_BACK_OFFICER: "act_on_orders attach_files decide_tasks read_directory read_orders reveal_contacts",
    Role.AUDITOR: "read_directory read_duties read_figures read_orders",
    Role.ADMINISTRATOR: "act_on_orders operate read_directory",
}
"""What each role may do, written by hand."""

_FILLED = {
    "{order_no}": "20261123-ABCDEF",
    "{duty_no}": "D20261201-ABCDEF",
    "{task_id}": "20261123-ABCDEF-1-ABCD",
    "{decision_id:path}": "nobody-decided-this",
    "{attachment_id}": "0" * 32,
    "{tracking_code}": "0000-0000-0000-0000",
    "{name}": "nothing.css",
    "{action}": "urge",
}


def rows() -> list[tuple[str, str, frozenset[str]]]:
    """Read the table: method, path, and what opens the route."""
    return [
        (method, path, frozenset(opens))
        for method, path, *opens in (line.split() for line in TABLE.strip().splitlines())
    ]


def filled(path: str) -> str:
    """Put ids of nothing that exists into a path."""
    for part, value in _FILLED.items():
        path = path.replace(part, value).replace(part.replace(":path", ""), value)
    return path


def described(door: StaffDoor | OpenDoor | None) -> frozenset[str]:
    """Say in the table's words what opens a door."""
    if isinstance(door, OpenDoor):
        return frozenset({"everybody"})
    if door is None:
        return frozenset()
    opens = {str(door.permission)} if door.permission else set()
    return frozenset(opens | ({"channels"} if door.channels else set()))


def an_app(api: Api) -> Edge:
    """Build the application as the server does."""
    return create_app(
        Service(
            store=api.office.store,
            files=FileStore(NO_FOLDER),
            orders=Orders(),
            secret=SECRET,
            policy="standard",
            public_url="http://office.example",
            threads=2,
        )
    )


class TestTheTableOfDoors:
    async def test_is_what_the_application_has(self, api: Api) -> None:
        app = an_app(api).app
        found = {
            (method, path, described(door))
            for path, method, door in doors(app.routes)
            if path != app.openapi_url
        }
        assert found == set(rows())

    def test_lets_no_application_start_that_has_a_route_without_a_door(self) -> None:
        router, app = APIRouter(prefix="/api/v1"), FastAPI(openapi_url=None)

        @router.get("/forgotten")
        async def forgotten() -> None:
            """Declare no door."""

        app.include_router(router)
        with pytest.raises(UndeclaredRoute, match="/api/v1/forgotten"):
            check_doors(app.routes, beside=[])

    def test_of_rights_is_what_each_role_has(self) -> None:
        assert {role: " ".join(sorted(GRANTS[role])) for role in Role} == {
            role: " ".join(sorted(rights.split())) for role, rights in RIGHTS.items()
        }


class TestADoor:
    # Every caller tries every door: more than a thousand requests.
    @pytest.mark.timeout(400)
    async def test_opens_for_whom_the_table_names_and_for_nobody_else(self, api: Api) -> None:
        """Every route is called by each role, a channel, nobody, a person who has left and a person without a role."""
        callers: dict[str, tuple[Mapping[str, str], frozenset[str]]] = {"anonymous": ({}, frozenset())}
        with api.office.store.write() as connection:
            put_staff(
                connection,
                [
                    StaffRow(username=f"only-{role}", name="虚构", unit="street", roles=(role,))
                    for role in Role
                ]
                + [StaffRow(username="without-role", name="虚构", unit="street", roles=())],
            )
            connection.execute(text("UPDATE staff SET active = :no WHERE username = 'duty-2'"), {"no": False})
        for role in Role:
            callers[role] = (api.staff(f"only-{role}"), frozenset(RIGHTS[role].split()))
        callers["channel"] = (api.channel(), frozenset({"channels"}))
        callers["without-role"] = (api.staff("without-role"), frozenset())
        callers["dismissed"] = (api.staff("duty-2"), frozenset())
        seen = 0
        for method, path, opens in rows():
            address = filled(path)
            for name, (headers, rights) in callers.items():
                response = await api.http.request(method, address, headers=headers)
                if "everybody" in opens or rights & opens:
                    # A step of the sign-in is only for people who have begun it; roles do not matter there.
                    refused = {403} if path.startswith("/signin") else {401, 403}
                    assert response.status_code not in refused, (method, path, name, response.text)
                else:
                    status = 401 if name in {"anonymous", "dismissed"} else 403
                    assert response.status_code == status, (method, path, name, response.text)
                assert response.status_code < 500, (method, path, name, response.text)
                seen += 1
        assert seen == len(rows()) * (len(Role) + 4)


class TestAStranger:
    async def test_finds_nothing_under_the_ids_of_others(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        (task,) = api.office.tasks(order_no)
        insider, stranger = api.staff("duty-1"), api.staff("community-04-worker")
        decided = await api.http.post(
            f"/api/v1/orders/{order_no}/actions",
            json={"action": "urge", "fields": {}},
            headers={**insider, "Idempotency-Key": "insiders-own-1"},
        )
        tries: list[tuple[str, str, Any]] = [
            ("GET", f"/api/v1/orders/{order_no}", None),
            ("GET", f"/api/v1/orders/{order_no}/events", None),
            ("POST", f"/api/v1/orders/{order_no}/contact", {"reason": "visit"}),
            ("POST", f"/api/v1/orders/{order_no}/actions", {"action": "urge"}),
            ("GET", f"/api/v1/tasks/{task['task_id']}", None),
            ("POST", f"/api/v1/tasks/{task['task_id']}/claim", None),
            ("POST", f"/api/v1/tasks/{task['task_id']}/release", None),
            (
                "POST",
                f"/api/v1/tasks/{task['task_id']}/decision",
                {"outcome": "resolve", "fields": {"text": "x"}},
            ),
            ("GET", decided.json()["href"], None),
        ]
        for number, (method, path, body) in enumerate(tries):
            response = await api.http.request(
                method, path, json=body, headers={**stranger, "Idempotency-Key": f"strangers-{number:02}"}
            )
            assert response.status_code == 404, (method, path, response.text)
        listed = (await api.http.get("/api/v1/tasks?scope=tier", headers=stranger)).json()["items"]
        assert order_no not in {each["order_no"] for each in listed}
        orders = (await api.http.get("/api/v1/orders", headers=stranger)).json()["items"]
        assert order_no not in {each["order_no"] for each in orders}

    async def test_of_a_unit_sees_what_is_in_its_community_or_below_it(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        with api.office.store.write() as connection:
            put_staff(
                connection,
                [StaffRow(username="office-head", name="虚构", unit="street", roles=(Role.UNIT_HEAD,))],
            )
            connection.execute(
                text("UPDATE task SET unit = 'community-03', tier = 'community' WHERE matter_no = :no"),
                {"no": order_no},
            )
        for who, status in (
            ("community-03-worker", 200),
            ("office-head", 200),
            ("street-urban-management-head", 404),
            ("district-desk-1", 404),
        ):
            response = await api.http.get(f"/api/v1/orders/{order_no}", headers=api.staff(who))
            assert response.status_code == status, who


class TestSomebodyWithARoleThatReadsNoOrders:
    async def test_sees_no_more_for_it(self, api: Api) -> None:
        """Even if both roles came into the store somehow; no door sets them together (`RolesApart`)."""
        order_no = (await api.placed(confidential=True))["order_no"]
        with api.office.store.write() as connection:
            both = {"username": "community-04-worker", "role": "administrator"}
            connection.execute(text("INSERT INTO staff_role VALUES (:username, :role)"), both)
        both_roles = api.staff("community-04-worker")
        url = f"/api/v1/orders/{order_no}"
        assert (await api.http.get(url, headers=both_roles)).status_code == 404
        listed = (await api.http.get("/api/v1/orders", headers=both_roles)).json()["items"]
        assert order_no not in {each["order_no"] for each in listed}
        told = await api.http.post(f"{url}/contact", json={"reason": "visit"}, headers=both_roles)
        assert told.status_code == 404


class TestAContact:
    async def test_is_masked_until_somebody_says_why_and_the_audit_keeps_it(self, api: Api) -> None:
        who = {"name": "王小明", "phone": "00000000001", "email": "wang@mail.example"}
        order_no = (await api.placed(requester=who))["order_no"]
        url, desk = f"/api/v1/orders/{order_no}", api.staff("desk-1")
        masked = {"name": "王**", "phone": "000****0001", "email": "w**@mail.example"}
        assert (await api.http.get(url, headers=desk)).json()["requester"] == masked
        refused = await api.http.post(f"{url}/contact", json={"reason": "curious"}, headers=desk)
        assert refused.status_code == 422
        told = await api.http.post(f"{url}/contact", json={"reason": "call_back"}, headers=desk)
        assert told.json() == {**who, "wechat_openid": None}
        with api.office.store.read() as connection:
            rows = connection.execute(
                text("SELECT actor, data FROM audit WHERE act = 'contact_revealed' AND matter_no = :no"),
                {"no": order_no},
            ).all()
        assert [row.actor for row in rows] == ["desk-1"]
        assert "call_back" in str(rows[0].data)
        assert "王" not in str(rows[0].data)

    async def test_of_a_confidential_order_is_hidden_from_the_unit(self, api: Api) -> None:
        order_no = (await api.placed(confidential=True))["order_no"]
        url, unit = f"/api/v1/orders/{order_no}", api.staff("community-03-worker")
        assert (await api.http.get(url, headers=unit)).json()["requester"] is None
        told = await api.http.post(f"{url}/contact", json={"reason": "visit"}, headers=unit)
        assert (told.status_code, told.json()["code"]) == (403, "confidential")
        assert (await api.http.get(url, headers=api.staff("desk-1"))).json()["requester"]

    async def test_nor_the_place_is_shown_to_who_may_not_see_contacts(self, api: Api) -> None:
        place = {"address": "银杏坡东路三弄二号", "longitude": 1.5, "latitude": 2.5}
        url = f"/api/v1/orders/{(await api.placed(place=place))['order_no']}"
        seen = (await api.http.get(url, headers=api.staff("auditor-1"))).json()
        assert (seen["address"], seen["longitude"], seen["latitude"]) == ("银杏坡东**", None, None)
        seen = (await api.http.get(url, headers=api.staff("desk-1"))).json()
        assert {name: seen[name] for name in place} == place


class TestABody:
    async def test_with_a_field_that_nobody_asked_for_is_refused(self, api: Api) -> None:
        """No caller can set a field that is not theirs to set (mass assignment)."""
        document = (await api.http.get("/api/v1/openapi.json")).json()
        tried = 0
        for path, its in document["paths"].items():
            for method, operation in its.items():
                if "application/json" not in operation.get("requestBody", {}).get("content", {}):
                    continue
                headers = api.channel() if path == "/api/v1/orders" else api.staff("desk-1")
                response = await api.http.request(
                    method.upper(),
                    filled(path),
                    json={"roles": ["administrator"]},
                    headers={**headers, "Idempotency-Key": "mass-assignment"},
                )
                assert response.status_code == 422, (path, response.text)
                assert "roles" in {each["field"] for each in response.json()["errors"]}, path
                tried += 1
        assert tried > 7
