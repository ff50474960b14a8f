"""Who may call a route: the bearer token, or the user whom a Cognito user pool knows; then the role."""

import os
import re

from chalice.app import CognitoUserPoolAuthorizer

from chalicelib.domain.principals import Principal
from chalicelib.domain.records import Role
from chalicelib.domain.user_pool import principal_of
from chalicelib.errors import Forbidden, Unauthorized
from chalicelib.routes.calls import Call
from chalicelib.routes.problems import NO_TOKEN
from chalicelib.settings import user_pool_of
from chalicelib.wiring import current

# RFC 6750 section 2.1, the scheme in any case (RFC 9110 section 11.1).
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]{1,512}=*) *\Z", re.IGNORECASE)


def gateway_check() -> CognitoUserPoolAuthorizer | None:
    """What API Gateway asks before it calls us, where the stage has a user pool.

    Chalice writes it into the template when it packages; a running function has no use for it.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html
    """
    pool = user_pool_of(os.environ)
    return CognitoUserPoolAuthorizer("userPool", provider_arns=[pool]) if pool else None


def admit(call: Call, needed: Role) -> Principal:
    """The caller, if the token counts and its role reaches.

    Raises:
        Unauthorized: No token, or one that is unknown, expired or revoked, or not of the stage's user pool.
        TooMany: The same, and too many such tokens came from this source of late.
        Forbidden: The role is too small.
    """
    authorization = call.headers.get("authorization")
    if not authorization:
        raise Unauthorized(NO_TOKEN)
    pool = current().environment.user_pool_arn
    principal = principal_of(call.claims, pool) if pool else _by_token(authorization, call.source_ip)
    if not principal.role.allows(needed):
        raise Forbidden(f"this needs the role {needed}; the token has {principal.role}")
    return principal


def _by_token(authorization: str, source_ip: str) -> Principal:
    try:
        return _principal(authorization)
    except Unauthorized:
        current().failed_tokens.note(source_ip)
        raise


def _principal(authorization: str) -> Principal:
    match = _BEARER.match(authorization)
    if match is None:
        raise Unauthorized("the Authorization header is not 'Bearer <token>'")
    return current().authenticator.principal(match[1])
