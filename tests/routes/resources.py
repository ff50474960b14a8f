"""What a caller makes over HTTP before a mass email can go out."""

from typing import Any

from tests.world import World

NOBODY = "f" * 17
START = "2026-03-01T09:00:00Z"


class Api:
    """The API, with the few records that most tests begin with; each call asserts its status.

    Time moves on with everything that is made, so that ids tell the order.
    """

    def __init__(self, world: World) -> None:
        self.world = world

    def post(self, path: str, body: object, status: int = 201) -> Any:
        """Make something."""
        self.world.clock.sleep(0.001)
        return self._call("POST", path, body, status)

    def patch(self, path: str, body: object, status: int = 200) -> Any:
        """Change something."""
        return self._call("PATCH", path, body, status)

    def get(self, path: str, status: int = 200) -> Any:
        """Read something."""
        return self._call("GET", path, None, status)

    def delete(self, path: str, status: int = 204) -> Any:
        """Delete something."""
        return self._call("DELETE", path, None, status)

    def _call(self, method: str, path: str, body: object, status: int) -> Any:
        reply = self.world.http(method, path, body)
        assert reply.status == status, reply.body
        return reply.body

    def campaign(self, **fields: object) -> Any:
        """A campaign."""
        return self.post("/v1/campaigns", {"name": "Spring", **fields})

    def template(self, **fields: object) -> Any:
        """A template."""
        return self.post(
            "/v1/email-templates", {"name": "News", "subject": "Hei", "body": "<p>Hei</p>", **fields}
        )

    def target_list(self, **fields: object) -> Any:
        """A list."""
        return self.post("/v1/target-lists", {"name": "Readers", **fields})

    def tracking_url(self, **fields: object) -> Any:
        """A tracking URL."""
        return self.post("/v1/tracking-urls", {"name": "Shop", "url": "https://example.com/", **fields})

    def with_sender(self) -> "Api":
        """The settings know who sends, and where links lead."""
        self.patch(
            "/v1/settings",
            {
                "outboundEmailFromAddress": "news@example.com",
                "massEmailSiteUrl": "https://mail.example.com",
            },
        )
        return self

    def mass_email_body(self, **fields: object) -> dict[str, object]:
        """A complete body, with a template and a list of its own unless they are given."""
        body: dict[str, object] = {"name": "March", "startAt": START, **fields}
        if "emailTemplateId" not in body:
            body["emailTemplateId"] = self.template()["id"]
        if "targetListIds" not in body and "campaignId" not in body:
            body["targetListIds"] = [self.target_list()["id"]]
        return body

    def mass_email(self, **fields: object) -> Any:
        """A mass email."""
        return self.post("/v1/mass-emails", self.mass_email_body(**fields))


def faulty(problem: Any) -> list[str]:
    """The fields that a 400 names."""
    return [fault["field"] for fault in problem["errors"]]
