"""Bearer tokens: made once, known only by their hash, checked on every call.

A token is ``envoi_<id>_<secret>``: the id finds the record, the secret is 32 random bytes, so that one round of SHA-256 is
enough to keep it (there is nothing to guess). A token that was revoked counts for at most :data:`CACHED_FOR` more.
"""

import base64
import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Protocol

from chalicelib.domain.clock import Clock
from chalicelib.domain.etags import ANY_VERSION, IfMatch
from chalicelib.domain.ports import Records
from chalicelib.domain.principals import FIRST_ADMIN, ApiToken, Principal
from chalicelib.domain.records import Role
from chalicelib.errors import Conflict, Invalid, Unauthorized

CACHED_FOR = timedelta(seconds=60)
CACHE_SIZE = 500  # tokens
SECRET_BYTES = 32
_TOKEN = re.compile(r"envoi_([0-9a-f]{17})_([A-Za-z0-9_-]{43})\Z")


class TokenStore(Records[ApiToken], Protocol):
    """The stored tokens."""

    def used(self, token_id: str, day: date) -> None:
        """Note the day of the last use."""
        ...


class Tokens:
    """Make, list and revoke."""

    def __init__(
        self,
        store: TokenStore,
        clock: Clock,
        new_id: Callable[[datetime], str],
        random_bytes: Callable[[int], bytes],
        user_pool_arn: str = "",
    ) -> None:
        self.store = store
        self._clock = clock
        self._new_id = new_id
        self._random_bytes = random_bytes
        self._user_pool_arn = user_pool_arn

    def create(self, *, name: str, role: Role, expires_at: datetime | None) -> tuple[ApiToken, str]:
        """A new token: its record, and the text that nobody can ever see again.

        Raises:
            Conflict: The stage knows its callers by a user pool: no token counts there.
            Invalid: It would have expired already.
        """
        if self._user_pool_arn:
            raise Conflict("this stage knows its callers by their user pool; a token would not count")
        now = self._clock.now()
        if expires_at is not None and expires_at <= now:
            raise Invalid.of("expiresAt", "must be in the future")
        token_id = self._new_id(now)
        secret = base64.urlsafe_b64encode(self._random_bytes(SECRET_BYTES)).rstrip(b"=").decode("ascii")
        text = f"envoi_{token_id}_{secret}"
        record = ApiToken(
            id=token_id,
            created_at=now,
            modified_at=now,
            name=name,
            role=role,
            token_hash=digest(text),
            expires_at=expires_at,
        )
        self.store.add(record)
        return record, text

    def revoke(self, token_id: str, *, if_match: IfMatch = ANY_VERSION) -> None:
        """Let it count no more; revoking twice is no error and keeps the first time.

        Raises:
            NotFound: No such token.
            PreconditionFailed: It is another version than the caller's.
        """
        token = self.store.get(token_id)
        if_match.check(token.rev)
        if token.revoked_at is None:
            now = self._clock.now()
            revoked = replace(token, revoked_at=now, modified_at=now)
            self.store.replace(revoked, expected_rev=token.rev)


class Authenticator:
    """Whose token is this? Keeps what it read for :data:`CACHED_FOR`, by the token's hash."""

    def __init__(self, store: TokenStore, clock: Clock, first_admin_token: str = "") -> None:
        self._store = store
        self._clock = clock
        self._first_admin = digest(first_admin_token) if first_admin_token else None
        self._cache: OrderedDict[str, tuple[datetime, ApiToken]] = OrderedDict()

    def principal(self, text: str) -> Principal:
        """The principal of a token.

        Raises:
            Unauthorized: Unknown, expired or revoked; one sentence for all, to help nobody guess.
        """
        hashed = digest(text)
        if self._first_admin is not None and hmac.compare_digest(hashed, self._first_admin):
            return Principal(FIRST_ADMIN, Role.ADMIN)
        now = self._clock.now()
        token = self._find(text, hashed, now)
        expired = token is not None and token.expires_at is not None and token.expires_at <= now
        if token is None or token.revoked_at is not None or expired:
            raise Unauthorized("the token is unknown, expired or revoked")
        if token.last_used_on is None or token.last_used_on < now.date():
            self._store.used(token.id, now.date())
            self._remember(hashed, now, replace(token, last_used_on=now.date()))
        return Principal(token.id, token.role)

    def _find(self, text: str, hashed: str, now: datetime) -> ApiToken | None:
        until, cached = self._cache.get(hashed, (now, None))
        if cached is not None and now < until:
            return cached
        match = _TOKEN.match(text)
        token = self._store.find(match[1]) if match else None
        if token is None or not hmac.compare_digest(token.token_hash, hashed):
            return None
        self._remember(hashed, now, token)
        return token

    def _remember(self, hashed: str, now: datetime, token: ApiToken) -> None:
        self._cache[hashed] = (now + CACHED_FOR, token)
        self._cache.move_to_end(hashed)
        while len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)


def digest(text: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
