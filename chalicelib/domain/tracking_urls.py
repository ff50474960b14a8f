"""What must hold of a tracking URL (row 66)."""

from chalicelib.domain.records import TrackingUrl, UrlAction
from chalicelib.domain.web_addresses import web_address_problem
from chalicelib.errors import FieldError

MAX_MESSAGE = 20_000  # characters of Markdown: a page, not a book


def tracking_url_problems(tracking_url: TrackingUrl) -> list[FieldError]:
    """A redirect has an address of the web to go to, a message something to say; what is there is right, used or not."""
    problems = []
    if tracking_url.action is UrlAction.REDIRECT and not tracking_url.url:
        problems.append(FieldError("url", "is required for the action Redirect"))
    if tracking_url.action is UrlAction.SHOW_MESSAGE and not (tracking_url.message or "").strip():
        problems.append(FieldError("message", "is required for the action Show Message"))
    problem = web_address_problem(tracking_url.url) if tracking_url.url else None
    if problem:
        problems.append(FieldError("url", problem))
    if len(tracking_url.message or "") > MAX_MESSAGE:
        problems.append(FieldError("message", f"must have at most {MAX_MESSAGE} characters"))
    return problems


def url_to_use(tracking_url_id: str) -> str:
    """What authors write where the link is to be."""
    return f"{{trackingUrl:{tracking_url_id}}}"
