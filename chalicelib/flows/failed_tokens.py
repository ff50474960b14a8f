"""Failed tokens are throttled by where they come from.

Whoever has a token that counts is never refused for a neighbour's failures: they may share an address with a whole company.
That gives nothing to those who guess, for a secret has 256 random bits; what it stops is the script that goes on for days with
a token that was revoked.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Protocol

from chalicelib.domain.clock import Clock
from chalicelib.errors import TooMany

LIMIT = 30  # failures of one source within a window
WINDOW = timedelta(seconds=60)
REMEMBERED = 10_000  # sources over the limit that one process keeps in mind
IPV6_SITE = 64  # bits; one subscriber has at least so many addresses of their own (RFC 6177)


class FailureCounts(Protocol):
    """How often a source failed within a window."""

    def add(self, source_key: str, window: datetime) -> int:
        """Count one more, and answer how many there are; forgotten some time after the window."""
        ...


class FailedTokens:
    """Counts, and refuses from :data:`LIMIT` on. ``key_of`` is the keyed hash of a source: who came is not kept."""

    def __init__(
        self,
        counts: FailureCounts,
        clock: Clock,
        key_of: Callable[[str], str],
        report: Callable[..., None],
    ) -> None:
        self._counts = counts
        self._clock = clock
        self._key_of = key_of
        self._report = report
        self._over: dict[str, datetime] = {}

    def note(self, source_ip: str) -> None:
        """One more token from there did not count.

        A source that is over the limit costs nothing more: each process remembers it to the window's end.

        Raises:
            TooMany: There were too many of late.
        """
        now = self._clock.now()
        window = _window_of(now)
        source = site_of(source_ip)
        if self._over.get(source) != window and not self._is_over(source, window):
            return
        if len(self._over) >= REMEMBERED:
            self._over.clear()
        self._over[source] = window
        wait = (window + WINDOW - now).total_seconds()
        raise TooMany("too many failed tokens came from this address", retry_after=ceil(wait))

    def _is_over(self, source: str, window: datetime) -> bool:
        try:
            return self._counts.add(self._key_of(source), window) > LIMIT
        except Exception as error:  # noqa: BLE001 - the caller is refused anyway: by 401
            self._report("failedTokenNotCounted", error)
            return False


def site_of(source_ip: str) -> str:
    """Who is counted as one: an IPv4 address, or the network of an IPv6 one."""
    try:
        address = ip_address(source_ip)
    except ValueError:
        return source_ip
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_SITE), strict=False))
    return str(address)


def _window_of(now: datetime) -> datetime:
    seconds = int(WINDOW.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
