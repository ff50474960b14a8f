"""Who calls where a Cognito user pool says so: a principal from the claims of an identity token.

API Gateway has verified the token's signature and its end, and hands every claim on as text:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.principals import Principal
from chalicelib.domain.records import Role
from chalicelib.errors import Forbidden, Unauthorized

# https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-user-groups.html
GROUPS: Mapping[str, Role] = {f"envoi-{role}": role for role in Role}
"""What membership gives, the least first."""


def principal_of(claims: Mapping[str, Any], pool_arn: str) -> Principal:
    """The user, with the highest role of their groups.

    Args:
        claims: As text, ``cognito:groups`` with commas; empty where nobody verified a token.
        pool_arn: ``arn:aws:cognito-idp:<region>:<account>:userpool/<pool id>``; the issuer ends in the same id.

    Raises:
        Unauthorized: No identity token, or one of another pool.
        Forbidden: None of the user's groups gives a role.
    """
    # https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
    _, _, issuer = str(claims.get("iss", "")).rpartition("/")
    _, _, pool = pool_arn.rpartition("/")
    user = str(claims.get("sub", ""))
    if not user or not pool or issuer != pool or claims.get("token_use") != "id":
        raise Unauthorized("an identity token of this stage's user pool is needed")
    groups = {group.strip() for group in str(claims.get("cognito:groups", "")).split(",")}
    roles = [role for group, role in GROUPS.items() if group in groups]
    if not roles:
        raise Forbidden(f"the user is in none of the groups {', '.join(GROUPS)}")
    return Principal(user, roles[-1])
