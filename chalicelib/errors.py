"""Everything that Envoi refuses, as one tree.

::

    EnvoiError
    ├── Invalid              400  what was sent is wrong; names each field
    ├── Unauthorized         401  no token, or one that does not count
    ├── Forbidden            403  the token's role is too small
    ├── NotFound             404  no such thing
    ├── Conflict             409  the thing's state forbids it
    ├── PreconditionFailed   412  If-Match does not fit
    ├── TooLarge             413  a body over the limit
    ├── Refused              422  refused for good, and recorded
    ├── TooMany              429  too many calls (of a token, or failed tokens of an address)
    └── Deferred             503  not now; the queue, or the caller, tries again

Adapters translate inward at the border (``raise … from error``); the routes translate outward, once.
Messages are read by callers: they never hold an address, a token or a secret.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One field of a request and what is wrong with it; ``field`` is a dotted path such as ``targets.0.type``."""

    field: str
    message: str


class EnvoiError(Exception):
    """The root: nothing raises it itself."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class Invalid(EnvoiError):
    """What was sent is wrong.

    Args:
        errors: One entry per field, never empty.
    """

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors

    @classmethod
    def of(cls, field: str, message: str) -> "Invalid":
        """The common case: one field."""
        return cls(FieldError(field, message))


class Unauthorized(EnvoiError):
    """No token, or one that is unknown, expired or revoked."""


class Forbidden(EnvoiError):
    """The token is good, its role too small."""


class NotFound(EnvoiError):
    """No such thing, or none for callers any more."""


class Conflict(EnvoiError):
    """The state of the thing forbids it; the message names state and transition or field."""


class PreconditionFailed(EnvoiError):
    """``If-Match`` names another version than the stored one."""


class TooLarge(EnvoiError):
    """A body over the limit, which the message names."""


class Refused(EnvoiError):
    """Refused for good by another party, and recorded; ``reason`` is a camelCase code."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class TooMany(EnvoiError):
    """Too many calls; ``retry_after`` is in seconds."""

    def __init__(self, message: str = "", *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Deferred(EnvoiError):
    """Not now; ``retry_after`` is in seconds."""

    def __init__(self, message: str = "", *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after
