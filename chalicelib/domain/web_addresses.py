"""Addresses of the web that readers are sent to: which are taken, and how they are written in ASCII."""

import re
from urllib.parse import SplitResult, quote, urlsplit

from chalicelib.domain.addresses import ascii_domain_of

MAX_URL = 2000  # characters; longer ones fail in mail clients and old browsers
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")
_SAFE = (
    "%/?:@!$&'()*+,;=~-._"  # RFC 3986: reserved but "#[]", unreserved, and "%": what is encoded stays encoded
)


def web_address_problem(text: str) -> str | None:
    r"""Why nobody is sent there, or None.

    Browsers drop tabs and line breaks from a URL and take ``\`` for ``/`` (https://url.spec.whatwg.org/#url-parsing), so what
    looks harmless here could be ``javascript:`` or another host there. Credentials serve phishing alone.
    """
    if any(char.isspace() or not char.isprintable() or char == "\\" for char in text):
        return "holds a space, a control character or a backslash"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("http", "https"):
        return "does not begin with http:// or https://"
    if "@" in parts.netloc:
        return "holds a user name or password"
    if not _is_host(parts):
        return "has no host"
    return (
        None if len(ascii_web_address(text)) <= MAX_URL else f"is longer than {MAX_URL} characters (in ASCII)"
    )


def ascii_web_address(text: str) -> str:
    """The same address as a browser asks for it: host in Punycode, the rest percent-encoded. Expects one without a problem."""
    parts = urlsplit(text)
    path, query, fragment = (quote(part, safe=_SAFE) for part in (parts.path, parts.query, parts.fragment))
    return SplitResult(parts.scheme, _ascii_netloc(parts), path, query, fragment).geturl()


def _ascii_netloc(parts: SplitResult) -> str:
    if parts.netloc.startswith("["):
        return parts.netloc.lower()
    port = "" if parts.port is None else f":{parts.port}"
    return ascii_domain_of(parts.hostname or "") + port


def _is_host(parts: SplitResult) -> bool:
    if parts.netloc.startswith("["):
        return bool(parts.hostname)  # urlsplit has checked the IPv6 address
    try:
        host = ascii_domain_of(parts.hostname or "")
    except UnicodeError:
        return False
    return all(_LABEL.match(label) for label in host.removesuffix(".").split("."))
