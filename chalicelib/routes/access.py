"""Who may call a route: the bearer token, then the role."""

import re

from chalicelib.domain.principals import Principal
from chalicelib.domain.records import Role
from chalicelib.errors import Forbidden, Unauthorized
from chalicelib.routes.problems import NO_TOKEN
from chalicelib.wiring import current

# RFC 6750 section 2.1, the scheme in any case (RFC 9110 section 11.1).
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]{1,512}=*) *\Z", re.IGNORECASE)


def admit(authorization: str | None, needed: Role, source_ip: str) -> Principal:
    """The caller, if the token counts and its role reaches.

    Raises:
        Unauthorized: No token, or one that is unknown, expired or revoked.
        TooMany: The same, and too many such tokens came from this source of late.
        Forbidden: The role is too small.
    """
    if not authorization:
        raise Unauthorized(NO_TOKEN)
    try:
        principal = _principal(authorization)
    except Unauthorized:
        current().failed_tokens.note(source_ip)
        raise
    if not principal.role.allows(needed):
        raise Forbidden(f"this needs the role {needed}; the token has {principal.role}")
    return principal


def _principal(authorization: str) -> Principal:
    match = _BEARER.match(authorization)
    if match is None:
        raise Unauthorized("the Authorization header is not 'Bearer <token>'")
    return current().authenticator.principal(match[1])
