"""What holds for every page: what a browser may do with it."""

from tests.api.test_sign_in import PAGE, running
from tests.support.office import Office


class TestEveryPage:
    async def test_may_load_what_is_ours_alone_and_is_shown_in_no_frame(self, closed_office: Office) -> None:
        async with running(closed_office) as (_, http):
            for path in ("/signin", "/no-such-page", "/desk"):
                headers = (await http.get(path, headers=PAGE)).headers
                if headers.get("content-type", "").startswith("text/html"):
                    policy = dict(
                        each.split(maxsplit=1) for each in headers["content-security-policy"].split("; ")
                    )
                    assert policy["default-src"] == "'self'", path
                    assert "unsafe" not in headers["content-security-policy"]
                    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
                    assert policy["form-action"] == "'self'"
                    assert headers["referrer-policy"] == "same-origin"
                assert headers["x-content-type-options"] == "nosniff"
                assert headers["cache-control"] == "no-store"

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
