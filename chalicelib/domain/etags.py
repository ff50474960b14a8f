"""Which version of a record a caller means (``ETag``, ``If-Match``: RFC 9110 sections 8.8.3 and 13.1.1)."""

import re
from dataclasses import dataclass

from chalicelib.errors import PreconditionFailed

_TAG = re.compile(r'\s*(W/)?"([^"]*)"\s*\Z')


def etag_of(rev: int) -> str:
    """The tag of a version, without its quotation marks."""
    return str(rev)


@dataclass(frozen=True)
class IfMatch:
    """The versions that the caller accepts; None accepts any."""

    tags: frozenset[str] | None = None

    @classmethod
    def of(cls, header: str | None) -> "IfMatch":
        """Read the header; ``*`` or no header is any. A weak tag never matches, for the comparison is the strong one."""
        if header is None or header.strip() == "*":
            return cls()
        matches = [_TAG.match(part) for part in header.split(",")]
        return cls(frozenset(match[2] for match in matches if match and not match[1]))

    def check(self, rev: int) -> None:
        """Compare with the stored version.

        Raises:
            PreconditionFailed: It is none of those that the caller named.
        """
        if self.tags is not None and etag_of(rev) not in self.tags:
            raise PreconditionFailed(f'If-Match does not fit: the current etag is "{etag_of(rev)}"')


ANY_VERSION = IfMatch()
