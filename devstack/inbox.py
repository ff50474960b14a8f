"""The inbox at the SES stand-in's port: what was sent, to look at. No script, and nothing from anywhere else."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from chalicelib.domain.clock import Clock
from devstack.ses_mailbox import Mailbox, Message

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PAGE = 50  # messages
HOUR = 3_600  # seconds
_ROUTES = Map(
    [
        Rule("/", methods=["GET"], endpoint="list"),
        Rule("/m/<message_id>", methods=["GET"], endpoint="message"),
        Rule("/m/<message_id>/html", methods=["GET"], endpoint="html"),
        Rule("/hour", methods=["POST"], endpoint="hour"),
        Rule("/empty", methods=["POST"], endpoint="empty"),
    ]
)
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_TONES = {
    "Delivery": "good",
    "Bounce": "bad",
    "Reject": "bad",
    "Complaint": "bad",
    "Rendering Failure": "bad",
    "DeliveryDelay": "warn",
}
_VIEWS = ("html", "text", "headers", "events")


class Inbox:
    """A WSGI application; ``tick`` moves the local cloud's clock, ``api_url`` is where its pictures and links lead."""

    def __init__(
        self, mailbox: Mailbox, clock: Clock, tick: Callable[[float], dict[str, Any]], api_url: str
    ) -> None:
        self._mailbox, self._clock, self._tick, self._api_url = mailbox, clock, tick, api_url
        self._pages = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.filters |= {"hue": _hue, "initial": _initial, "ago": self._ago}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        try:
            endpoint, arguments = _ROUTES.bind_to_environ(environ).match()
            answer = getattr(self, f"_{endpoint}")(Request(environ), **arguments)
        except HTTPException as error:
            answer = self._page("missing.html", status=error.code or 500)
        response: Response = answer
        return response(environ, start_response)

    def _list(self, request: Request) -> Response:
        words, skip = request.args.get("q", "").strip(), request.args.get("skip", 0, type=int)
        messages, more = self._mailbox.newest(words=words, skip=max(0, skip), limit=PAGE)
        done = request.args.get("done", "")
        return self._page(
            "list.html",
            messages=messages,
            more=more,
            words=words,
            skip=skip,
            page=PAGE,
            total=len(self._mailbox),
            done=done,
        )

    def _message(self, request: Request, message_id: str) -> Response:
        message = self._find(message_id)
        view = request.args.get("view", "")
        if view not in _VIEWS:
            view = "html" if message.html else "text"
        return self._page("message.html", message=message, view=view, views=_VIEWS)

    def _html(self, _request: Request, message_id: str) -> Response:
        """The message's own HTML, alone in its frame: no script, no form, pictures of the local cloud only."""
        body = '<base target="_blank">' + (self._find(message_id).html or "")
        policy = (
            f"default-src 'none'; img-src data: {self._api_url}; style-src 'unsafe-inline'; font-src data:; "
            "sandbox allow-popups allow-popups-to-escape-sandbox"
        )
        headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
        return Response(body, headers=headers, content_type="text/html; charset=utf-8")

    def _hour(self, _request: Request) -> Response:
        done = self._tick(HOUR)
        said = f"{done['released']} released, {done['delivered']} sent, {done['events']} events"
        return _back(f"One hour on: {said}.")

    def _empty(self, _request: Request) -> Response:
        self._mailbox.clear()
        return _back("The inbox is empty.")

    def _find(self, message_id: str) -> Message:
        message = self._mailbox.find(message_id)
        if message is None:
            raise NotFound
        return message

    def _page(self, name: str, *, status: int = 200, **values: Any) -> Response:
        shared = {"now": self._clock.now(), "api_url": self._api_url, "tones": _TONES}
        text = self._pages.get_template(name).render(**shared, **values)
        headers = {"Content-Security-Policy": _PAGE_POLICY, "Referrer-Policy": "no-referrer"}
        return Response(text, status, headers, content_type="text/html; charset=utf-8")

    def _ago(self, moment: datetime) -> str:
        """How long ago, in a word or two."""
        seconds = int((self._clock.now() - moment).total_seconds())
        for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
            if seconds >= size:
                return f"{seconds // size} {unit}"
        return "now"


def _back(said: str) -> Response:
    return Response(status=303, headers={"Location": f"/?{urlencode({'done': said})}"})


def _hue(text: str) -> int:
    """A colour for a person, always the same: degrees of the colour circle."""
    return int.from_bytes(blake2b(text.lower().encode(), digest_size=2).digest()) % 360


def _initial(address: str) -> str:
    """The letter for a person's circle."""
    letter = re.search(r"\w", address)
    return letter[0].upper() if letter else "?"
