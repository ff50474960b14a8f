"""Who calls."""

from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.domain.records import Record, Role

FIRST_ADMIN = "first-admin"


@dataclass(frozen=True)
class Principal:
    """Whose call it is, and what they may do.

    ``id`` is the token's (or :data:`FIRST_ADMIN`), or the user's ``sub`` where a user pool knows them.
    """

    id: str
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
