"""From and Reply-To as header text: any Unicode in the name, never a line break (RFC 5322 section 3.4, RFC 2047)."""

import re

from chalicelib.domain.addresses import mailable
from chalicelib.rendering.printing import NO_HEADER

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*\Z")


def mailbox(address: str, name: str | None) -> str:
    """``name <address>``, its domain in Punycode."""
    words = phrase(name or "")
    plain = NO_HEADER.sub("", mailable(address))
    return f"{words} <{plain}>" if words else plain


def phrase(name: str) -> str:
    """A display name: bare, quoted, or in encoded words of at most 75 characters (RFC 2047 section 2)."""
    words = " ".join(NO_HEADER.sub(" ", name).split())
    if words.isascii() and "=?" not in words:
        if _ATOMS.match(words):
            return words
        escaped = words.replace("\\", r"\\").replace('"', r"\"")
        return f'"{escaped}"'
    from email.header import Header  # noqa: PLC0415  # the email package takes 15 ms; most names are ASCII

    encodable = words.encode("utf-8", "replace").decode()
    return Header(encodable, "utf-8", maxlinelen=75).encode(linesep="")
