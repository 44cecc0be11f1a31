"""Attachments: which files are taken or refused, who may refer to them, and who may read them."""

import asyncio
import os
import uuid
from pathlib import Path
from typing import Any

import httpx2
import pytest

from domain.attachment.kinds import MAX_SIZE
from domain.order.lifecycle import TaskKind
from runtime.temporal import Orders
from store.attachment.attachments import UNUSED_FOR, sweep
from store.attachment.files import FileStore
from tests.api.conftest import Api, api_of
from tests.support.office import Office, now
from tests.support.photographs import photograph

URL = "/api/v1/attachments"
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture"
SAMPLES = [
    ("image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF"),
    ("image/png", PNG),
    ("image/webp", b"RIFF\x10\x00\x00\x00WEBPVP8 "),
    ("application/pdf", b"%PDF-1.7\n"),
]


async def send(
    api: Api, content: bytes, who: dict[str, str], *, name: str = "某人的照片.exe", said: str = "text/html"
) -> httpx2.Response:
    return await api.http.post(URL, files={"file": (name, content, said)}, headers=who)


async def sent(api: Api, who: dict[str, str], content: bytes = PNG) -> str:
    response = await send(api, content, who)
    assert response.status_code == 201, response.text
    return str(response.json()["attachment_id"])


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


class TestAnUpload:
    @pytest.mark.parametrize(("media_type", "content"), SAMPLES)
    async def test_is_known_by_its_content_and_never_by_its_name(
        self, api: Api, tmp_path: Path, media_type: str, content: bytes
    ) -> None:
        response = await send(api, content, api.channel())
        kept = response.json()
        assert response.status_code == 201
        assert set(kept) == {"attachment_id", "media_type", "size", "sha256"}
        assert (kept["media_type"], kept["size"]) == (media_type, len(content))
        (file,) = files_in(tmp_path)
        assert file == tmp_path / kept["sha256"][:2] / kept["sha256"]
        assert file.read_bytes() == content
        (row,) = api.office.rows("SELECT * FROM attachment")
        assert (row["uploaded_by"], row["uploaded_via"], row["matter_no"]) == ("demo-hotline", "client", None)
        assert "某人" not in str(row)

    async def test_of_equal_content_is_one_file_and_two_attachments(self, api: Api, tmp_path: Path) -> None:
        first, second = await sent(api, api.channel()), await sent(api, api.staff("duty-1"))
        assert first != second
        assert len(files_in(tmp_path)) == 1

    async def test_of_the_largest_size_is_taken_and_of_one_byte_more_is_not(
        self, api: Api, tmp_path: Path
    ) -> None:
        largest = PNG + bytes(MAX_SIZE - len(PNG))
        assert (await send(api, largest, api.channel())).status_code == 201
        refused = await send(api, largest + b"x", api.channel())
        assert (refused.status_code, refused.json()["code"]) == (413, "attachment_too_large")
        longer = await send(api, largest * 2, api.channel())
        assert (longer.status_code, longer.json()["code"]) == (413, "body_too_large")
        assert longer.headers["content-type"] == "application/problem+json"
        assert len(files_in(tmp_path)) == 1

    @pytest.mark.parametrize(
        ("content", "status", "code"),
        [
            (b"", 422, "invalid_file"),
            (b"MZ\x90\x00", 415, "unsupported_kind"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_kind"),
            (b"GIF89a", 415, "unsupported_kind"),
            (b"\x89PN", 415, "unsupported_kind"),
            (b"RIFF\x10\x00\x00\x00WAVEfmt ", 415, "unsupported_kind"),
        ],
    )
    async def test_of_another_kind_or_of_nothing_is_refused_and_leaves_nothing(
        self, api: Api, tmp_path: Path, content: bytes, status: int, code: str
    ) -> None:
        response = await send(api, content, api.channel(), name="photo.png", said="image/png")
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.headers["content-type"] == "application/problem+json"
        assert files_in(tmp_path) == []
        assert api.office.rows("SELECT * FROM attachment") == []

    @pytest.mark.parametrize(
        ("request_", "status", "code"),
        [
            ({"json": {"file": "x"}}, 415, "unsupported_media_type"),
            ({"content": PNG, "headers": {"Content-Type": "image/png"}}, 415, "unsupported_media_type"),
            ({}, 415, "unsupported_media_type"),
            ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "malformed_form"),
            (
                {"content": b"oops", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
                400,
                "malformed_form",
            ),
            ({"files": {"photo": ("a.png", PNG)}}, 422, "invalid_file"),
            ({"files": [("file", ("a.png", PNG)), ("file", ("b.png", PNG))]}, 400, "malformed_form"),
            ({"files": {"file": ("a.png", PNG)}, "data": {"note": "x"}}, 400, "malformed_form"),
        ],
    )
    async def test_that_is_no_form_with_one_file_is_told_so(
        self, api: Api, tmp_path: Path, request_: dict[str, Any], status: int, code: str
    ) -> None:
        headers = {**api.channel(), **request_.pop("headers", {})}
        response = await api.http.post(URL, headers=headers, **request_)
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.headers["content-type"] == "application/problem+json"
        assert files_in(tmp_path) == []

    async def test_of_nobody_is_refused_before_it_is_read(self, api: Api) -> None:
        response = await send(api, b"MZ", {})
        assert response.status_code == 401

    async def test_that_cannot_be_written_is_a_503_and_leaves_nothing(
        self, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        response = await send(api, PNG, api.channel())
        assert (response.status_code, response.json()["code"]) == (503, "files_unavailable")
        assert response.headers["retry-after"] == "60"
        assert str(tmp_path) not in response.text
        assert files_in(tmp_path) == []
        assert api.office.rows("SELECT * FROM attachment") == []

    async def test_to_a_folder_that_is_none_is_a_503(self, closed_office: Office) -> None:
        async with api_of(closed_office, Orders()) as http:
            api = Api(http=http, office=closed_office)
            assert (await send(api, PNG, api.channel())).status_code == 503


class TestAnOrderWithAttachments:
    async def test_lists_them_and_lets_its_readers_have_them(self, api: Api) -> None:
        hotline = api.channel()
        ids = [await sent(api, hotline, content) for _, content in SAMPLES]
        placed = await api.placed(headers=hotline, attachments=ids)
        order = (await api.http.get(placed["links"]["order"], headers=hotline)).json()
        assert [each["attachment_id"] for each in order["attachments"]] == ids
        assert [(each["media_type"], each["size"]) for each in order["attachments"]] == [
            (media_type, len(content)) for media_type, content in SAMPLES
        ]
        for listed, (media_type, content) in zip(order["attachments"], SAMPLES, strict=True):
            for reader in (hotline, api.staff("desk-1"), api.staff("duty-1")):
                response = await api.http.get(listed["href"], headers=reader)
                assert (response.status_code, response.content) == (200, content)
                assert response.headers["content-type"] == media_type
                assert response.headers["content-length"] == str(len(content))
                assert response.headers["content-disposition"].startswith('attachment; filename="')
                assert response.headers["x-content-type-options"] == "nosniff"
            for stranger in (api.channel("web"), api.staff("community-09-worker")):
                assert (await api.http.get(listed["href"], headers=stranger)).status_code == 404
            assert (await api.http.get(listed["href"])).status_code == 401

    async def test_is_answered_as_before_when_it_is_repeated(self, api: Api) -> None:
        hotline = api.channel()
        attachment = await sent(api, hotline)
        first = await api.place(headers=hotline, attachments=[attachment])
        again = await api.place(headers=hotline, attachments=[attachment])
        api.office.placed.append(first.json()["order_no"])
        assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())

    @pytest.mark.parametrize("which", ["unknown", "foreign", "staff's", "used"])
    async def test_is_refused_if_one_is_not_its_clients_to_use(self, api: Api, which: str) -> None:
        hotline = api.channel()
        own = await sent(api, hotline)
        match which:
            case "unknown":
                wrong = uuid.uuid4().hex
            case "foreign":
                wrong = await sent(api, api.channel("web"))
            case "staff's":
                wrong = await sent(api, api.staff("duty-1"))
            case _:
                wrong = await sent(api, hotline)
                await api.placed(key="key-used-1", headers=hotline, attachments=[wrong])
        before = api.office.rows("SELECT count(*) AS n FROM orders")
        response = await api.place(headers=hotline, attachments=[own, wrong])
        assert (response.status_code, response.json()["code"]) == (422, "unusable_attachment")
        (error,) = response.json()["errors"]
        assert error["field"] == "attachments"
        assert wrong in error["reason"]
        assert api.office.rows("SELECT count(*) AS n FROM orders") == before
        assert api.office.rows("SELECT matter_no FROM attachment WHERE attachment_id = :id", id=own) == [
            {"matter_no": None}
        ]

    @pytest.mark.parametrize("ids", [["a"], ["0" * 32] * 2, [f"{n:032x}" for n in range(10)], "0" * 32])
    async def test_is_refused_if_the_list_is_none(self, api: Api, ids: Any) -> None:
        response = await api.place(attachments=ids)
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"].startswith("attachments")

    async def test_contested_by_two_requests_goes_to_one(self, api: Api) -> None:
        hotline = api.channel()
        attachment = await sent(api, hotline)
        answers = await asyncio.gather(
            *(api.place(f"key-{n:08}", hotline, attachments=[attachment]) for n in range(4))
        )
        assert sorted(each.status_code for each in answers) == [201, 422, 422, 422]
        api.office.placed += [each.json()["order_no"] for each in answers if each.status_code == 201]


class TestAResultWithAttachments:
    async def test_brings_them_to_the_order_and_only_ids_to_temporal(self, live: Api) -> None:
        order_no = await live.office.dispatched()
        await live.office.drain()
        task = await live.office.task(order_no, TaskKind.HANDLE)
        member = live.office.member(task["unit"], task["role"]).username
        who = live.staff(member)
        outcomes = (await live.http.get(f"/api/v1/tasks/{task['task_id']}", headers=who)).json()["outcomes"]
        schema = next(each["schema"] for each in outcomes if each["name"] == "report_result")
        assert schema["properties"]["attachments"]["maxItems"] == 9
        foreign, own = await sent(live, live.channel()), await sent(live, who)
        url = f"/api/v1/tasks/{task['task_id']}/decision?wait=10"
        body = {"outcome": "report_result", "fields": {"text": "已清理", "attachments": [foreign]}}
        refused = await live.http.post(url, json=body, headers=who)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "attachments")
        body["fields"] = {"text": "已清理", "attachments": [own]}
        headers = {**who, "Idempotency-Key": "result-0001"}
        answer = await live.http.post(url, json=body, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (200, "applied")
        assert (await live.http.post(url, json=body, headers=headers)).json() == answer.json()
        (listed,) = (await live.http.get(f"/api/v1/orders/{order_no}", headers=who)).json()["attachments"]
        assert (listed["attachment_id"], listed["decision_id"]) == (own, "result-0001")
        history = await live.office.handle(order_no).fetch_history()
        told = b"".join(event.SerializeToString() for event in history.events)
        assert own.encode() in told
        for kept_here in ("image/png", "已清理"):
            assert kept_here.encode() not in told


class TestTheSweep:
    async def test_takes_what_nobody_refers_to_after_a_day_and_nothing_else(
        self, api: Api, tmp_path: Path
    ) -> None:
        hotline = api.channel()
        used, unused = await sent(api, hotline, PNG + b"used"), await sent(api, hotline, PNG + b"unused")
        await api.placed(headers=hotline, attachments=[used])
        (tmp_path / "ab").mkdir(exist_ok=True)
        (tmp_path / "ab" / ("ab" + "0" * 62)).write_bytes(b"no row")
        (tmp_path / ".upload-left").write_bytes(b"half")
        (tmp_path / "README").write_bytes(b"not ours")
        files, store = FileStore(tmp_path), api.office.store

        def swept(at: Any, *, really: bool) -> tuple[int, int]:
            done = sweep(store, files, now=at, really=really)
            return done.rows, done.files

        assert swept(now(), really=True) == (0, 0)
        later = now() + UNUSED_FOR + UNUSED_FOR / 24
        assert swept(later, really=False) == (1, 3)
        assert len(files_in(tmp_path)) == 5
        assert swept(later, really=True) == (1, 3)
        assert swept(later, really=True) == (0, 0)
        assert {each.read_bytes() for each in files_in(tmp_path)} == {PNG + b"used", b"not ours"}
        assert (await api.http.get(f"{URL}/{used}", headers=hotline)).status_code == 200
        assert (await api.http.get(f"{URL}/{unused}", headers=hotline)).status_code == 404

    async def test_spares_an_equal_file_that_comes_at_the_same_moment(self, api: Api, tmp_path: Path) -> None:
        """Red without the second look: the new upload would keep its row, but its file would be gone."""
        files, hotline = FileStore(tmp_path), api.channel()
        await sent(api, hotline)
        (path,) = files_in(tmp_path)
        later = now() + UNUSED_FOR
        original = Path.replace

        def upload_meanwhile(self: Path, target: Path) -> Path:
            if self == path:
                os.utime(path, (later.timestamp() + 60,) * 2)
            return original(self, target)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "replace", upload_meanwhile)
            assert files.sweep(lambda _prefix: set(), before=later, delete=True) == 0
        assert files_in(tmp_path) == [path]

    async def test_missing_files_are_told_to_the_operator_and_not_to_the_reader(
        self, api: Api, tmp_path: Path
    ) -> None:
        hotline = api.channel()
        attachment = await sent(api, hotline)
        files_in(tmp_path)[0].unlink()
        response = await api.http.get(f"{URL}/{attachment}", headers=hotline)
        assert (response.status_code, response.json()["code"]) == (503, "files_unavailable")


class TestASmallerPicture:
    async def test_is_looked_at_and_not_downloaded(self, api: Api) -> None:
        who = api.channel()
        attachment_id = await sent(api, who, photograph())
        shown = await api.http.get(f"{URL}/{attachment_id}?size=small", headers=who)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
        assert shown.headers["content-disposition"] == "inline"
        assert shown.headers["cache-control"] == "private, no-cache"
        again = {**who, "If-None-Match": shown.headers["etag"]}
        known = await api.http.get(f"{URL}/{attachment_id}?size=small", headers=again)
        assert (known.status_code, known.content) == (304, b"")
        assert "sandbox" in shown.headers["content-security-policy"]
        assert b"TELEPHONE" not in shown.content
        whole = await api.http.get(f"{URL}/{attachment_id}", headers=who)
        assert whole.content == photograph(), "the file itself is evidence and stays as it came"

    async def test_is_for_those_who_may_see_the_file(self, api: Api) -> None:
        attachment_id = await sent(api, api.channel(), photograph())
        stranger = await api.http.get(f"{URL}/{attachment_id}?size=small", headers=api.staff("duty-1"))
        assert stranger.status_code == 404

    @pytest.mark.parametrize("content", [PNG, b"%PDF-1.7\n"], ids=["damaged", "document"])
    async def test_is_not_made_of_what_is_none(self, api: Api, content: bytes) -> None:
        who = api.channel()
        path = f"{URL}/{await sent(api, who, content)}"
        shown = await api.http.get(f"{path}?size=large", headers=who)
        assert (shown.status_code, shown.json()["code"]) == (404, "no_picture")
        assert (await api.http.get(path, headers=who)).status_code == 200
        assert (await api.http.get(f"{path}?size=huge", headers=who)).status_code == 422
