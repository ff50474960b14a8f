"""Email addresses: which are addresses, and when two are the same."""

import re

from chalicelib.domain.keyed_hash import hmac_sha256

MAX_ADDRESS = 254  # characters; RFC 5321 section 4.5.3.1.3, less the angle brackets (RFC 3696 erratum 1690)
MAX_LOCAL = 64  # characters; RFC 5321 section 4.5.3.1.1
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")


def address_problem(address: str) -> str | None:
    """Why this cannot be mailed, or None; a sentence that does not repeat the address.

    A quoted local part is refused: no mailbox that people use has one. A non-ASCII local part cannot be sent by SES
    (https://docs.aws.amazon.com/ses/latest/dg/send-email-concepts-email-format.html).
    """
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        return "is not an email address"
    if not local.isascii():
        return "has a non-ASCII local part, which SES cannot mail"
    if len(local) > MAX_LOCAL or not _LOCAL.match(local):
        return "is not an email address"
    try:
        ascii_domain = ascii_domain_of(domain)
    except UnicodeError:
        ascii_domain = ""
    name, dot, top = ascii_domain.rpartition(".")
    if not dot or top.isdigit() or not all(_LABEL.match(label) for label in (*name.split("."), top)):
        return "has no valid domain after the @, such as example.org"
    too_long = len(local) + 1 + len(ascii_domain) > MAX_ADDRESS
    return f"is longer than {MAX_ADDRESS} characters" if too_long else None


def ascii_domain_of(domain: str) -> str:
    """The domain in lower case and Punycode (IDNA 2003 by the standard library: what is looked up in DNS).

    Raises:
        UnicodeError: It is no domain.
    """
    if domain.isascii():
        return domain.lower()
    return domain.encode("idna").decode("ascii").lower()


def normalised(address: str) -> str:
    """What makes two addresses the same: lower case, domain in Punycode. Expects an address without a problem."""
    local, _, domain = address.rpartition("@")
    return f"{local.lower()}@{ascii_domain_of(domain)}"


def mailable(address: str) -> str:
    """The address as SES takes it: as written, its domain in Punycode."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{ascii_domain_of(domain)}"


def address_key(address: str, key: bytes) -> str:
    """The keyed hash under which an address is stored: 32 hex digits. Never logged, never reversed."""
    return hmac_sha256(key, normalised(address).encode()).hex()[:32]
