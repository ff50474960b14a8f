"""Principals from the claims of identity tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.principals import Principal
from chalicelib.domain.records import Role
from chalicelib.domain.user_pool import GROUPS, principal_of
from chalicelib.errors import Forbidden, Unauthorized

POOL = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_Example"
# As API Gateway hands them on, all text.
CLAIMS = {
    "sub": "cdad23f0-2ad6-4dc1-993d-bbb3f6f8c707",
    "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example",
    "aud": "clm2h5m9uemul1rcfmbidiv1j",
    "token_use": "id",
    "cognito:groups": "envoi-editor",
    "exp": "Mon Mar 02 10:00:00 UTC 2026",
}
OTHERS = st.text(st.characters(exclude_characters=","), min_size=1).filter(
    lambda name: name.strip() not in GROUPS
)


@given(st.lists(st.sampled_from(sorted(GROUPS)), min_size=1), st.lists(OTHERS), st.randoms())
def test_the_highest_group_counts(ours: list[str], others: list[str], shuffled: object) -> None:
    """In whatever order, among whichever other groups."""
    names = [*ours, *others]
    shuffled.shuffle(names)  # type: ignore[attr-defined]  # hypothesis's own Random
    principal = principal_of(CLAIMS | {"cognito:groups": ",".join(names)}, POOL)
    assert principal.id == CLAIMS["sub"]
    assert all(principal.role.allows(GROUPS[name]) for name in ours)
    assert f"envoi-{principal.role}" in ours


@given(st.lists(OTHERS))
def test_other_groups_give_nothing(others: list[str]) -> None:
    """A user of the pool is not yet one of ours."""
    with pytest.raises(Forbidden, match="envoi-viewer, envoi-editor, envoi-admin"):
        principal_of(CLAIMS | {"cognito:groups": ",".join(others)}, POOL)


@pytest.mark.parametrize(
    "group", ["Envoi-Admin", "envoi-admins", "xenvoi-admin", "admin", "envoi-", "[envoi-admin]"]
)
def test_a_group_is_meant_by_its_whole_name(group: str) -> None:
    """Nothing that only looks like it."""
    with pytest.raises(Forbidden):
        principal_of(CLAIMS | {"cognito:groups": group}, POOL)


def test_a_user_in_no_group_has_no_claim_of_it() -> None:
    """Cognito leaves it out."""
    claims = {name: value for name, value in CLAIMS.items() if name != "cognito:groups"}
    with pytest.raises(Forbidden):
        principal_of(claims, POOL)


@pytest.mark.parametrize(
    "change",
    [
        {"sub": ""},
        {"token_use": "access"},
        {"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Another"},
        {"iss": ""},
    ],
)
def test_what_is_no_identity_of_this_pool(change: dict[str, str]) -> None:
    """An access token, another pool's, nobody's."""
    with pytest.raises(Unauthorized):
        principal_of(CLAIMS | change, POOL)
    without = {name: value for name, value in CLAIMS.items() if name not in change}
    with pytest.raises(Unauthorized):
        principal_of(without, POOL)


def test_without_a_pool_nothing_counts() -> None:
    """Not even an issuer without a name."""
    for claims in ({}, CLAIMS, CLAIMS | {"iss": ""}):
        with pytest.raises(Unauthorized):
            principal_of(claims, "")


def test_every_role_has_its_group() -> None:
    """Named after it."""
    assert [principal_of(CLAIMS | {"cognito:groups": name}, POOL) for name in GROUPS] == [
        Principal(CLAIMS["sub"], role) for role in Role
    ]
