"""The public pages: HTML that works without scripts and asks nobody else for anything.

One style sheet, allowed by its hash; everything else is forbidden by the Content-Security-Policy.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.domain.preferences import Choices
from chalicelib.rendering.markdown import to_html
from chalicelib.rendering.page_texts import TEXTS

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
_TEXTS = frozenset({"title", "text", "hint", "button", "legend", "this_mailing", "leave"})
"""What templates get in the reader's language."""


@dataclass(frozen=True)
class Page:
    """A whole page in one language."""

    html: str
    language: str
    sheet: str = "pages/style.css"

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that every page goes with; never cached, for it says who the reader is to us."""
        return {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Language": self.language,
            "Vary": "Accept-Language",
            "Cache-Control": "no-store",
            "Content-Security-Policy": content_security_policy(self.sheet),
            "Referrer-Policy": "no-referrer",  # the token is in the path
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Strict-Transport-Security": "max-age=31536000",  # one year; browsers pass it over without TLS
            "X-Robots-Tag": "noindex, nofollow",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }


@dataclass(frozen=True)
class Pages:
    """Pages in one language; ``sender`` is who the reader knows us as, or None."""

    language: str
    sender: str | None = None

    def subscribed(self, *, leave: str) -> Page:
        """Asks whether to unsubscribe; ``leave`` is where its button posts to."""
        return self._asked("subscribed", "unsubscribe", leave)

    def left(self, *, rejoin: str) -> Page:
        """Says that the reader is unsubscribed, and offers to undo it."""
        return self._asked("left", "subscribeAgain", rejoin, hint="leftHint", is_done=True, is_quiet=True)

    def rejoined(self, *, leave: str) -> Page:
        """Says that the reader is subscribed again."""
        return self._asked("rejoined", "unsubscribe", leave, is_done=True, is_quiet=True)

    def gone(self) -> Page:
        """Says that the reader is out of everything."""
        return self._page("unsubscribe", title="gone", text="goneText", is_done=True)

    def preferences(self, choices: Choices, *, save: str, is_saved: bool = False) -> Page:
        """Lets the reader choose what they receive; ``save`` is where the form posts to."""
        text = "preferencesText" if choices.lines else "preferencesNoneText"
        return self._page(
            "preferences",
            title="preferencesSaved" if is_saved else "preferences",
            text="preferencesOutText" if choices.is_out else "preferencesSavedText" if is_saved else text,
            legend="yourLists",
            this_mailing="thisMailing",
            button="save",
            leave="leaveEverything",
            choices=choices,
            action=save,
            is_done=is_saved,
        )

    def saved(self) -> Page:
        """Says that the reader's choice is saved, and no more."""
        return self._page("unsubscribe", title="preferencesSaved", text="preferencesSavedText", is_done=True)

    def message(self, markdown: str) -> Page:
        """What a link with the action Show Message shows."""
        from markupsafe import Markup  # noqa: PLC0415 - as in _environment

        # markdown-it escapes all text and makes no tag that the message itself holds.
        return self._page("message", title="message", message=Markup(to_html(markdown)))  # noqa: S704 - see above

    def not_found(self) -> Page:
        """Says nothing: neither that a token was forged nor that it is unknown."""
        return self._page("notice", title="notFound", text="notFoundText", sender=None)

    def problem(self) -> Page:
        """Asks to try again."""
        return self._page("notice", title="problem", text="problemText")

    def _asked(self, title: str, button: str, action: str, **values: object) -> Page:
        """A title, its text, and a button that posts to ``action``."""
        return self._page(
            "unsubscribe", title=title, text=f"{title}Text", button=button, action=action, **values
        )

    def _page(self, template: str, **values: object) -> Page:
        texts = TEXTS[self.language]
        told = {name: texts[str(value)] if name in _TEXTS else value for name, value in values.items()}
        page = _environment().get_template(f"pages/{template}.html.j2")
        return Page(page.render({"language": self.language, "sender": self.sender, **told}), self.language)


@cache
def content_security_policy(sheet: str = Page.sheet) -> str:
    """Nothing but this style sheet of ours and forms to ourselves."""
    digest = base64.b64encode(hashlib.sha256(style(sheet).encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{digest}'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


@cache
def style(sheet: str) -> str:
    """A style sheet, as it stands within a page."""
    return (TEMPLATES / sheet).read_text(encoding="utf-8")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - a click needs no Jinja2
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.globals |= {
        "style": Markup(style(Page.sheet)),  # noqa: S704 - our own file
        **dict.fromkeys(("action", "button", "hint", "is_done", "is_quiet"), None),
    }
    return environment
