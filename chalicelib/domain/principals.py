"""Who calls."""

from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.domain.records import Record, Role

FIRST_ADMIN = "first-admin"


@dataclass(frozen=True)
class Principal:
    """The token that a call came with: its id (or :data:`FIRST_ADMIN`) and what it may do."""

    token_id: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class ApiToken(Record):
    """A bearer token; only its hash is kept."""

    name: str
    role: Role
    token_hash: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_on: date | None = None
