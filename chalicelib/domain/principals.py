"""Who calls."""

from dataclasses import dataclass

from chalicelib.domain.records import Role

FIRST_ADMIN = "first-admin"


@dataclass(frozen=True)
class Principal:
    """The token that a call came with: its id (or :data:`FIRST_ADMIN`) and what it may do."""

    token_id: str
    role: Role
