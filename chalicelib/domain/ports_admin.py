"""What an operator's work needs of the outside: dead letters, the stored keys, the counts of lists."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from chalicelib.domain.ports import ListCounts, Page
from chalicelib.domain.public_tokens import KeyRing

R_co = TypeVar("R_co", covariant=True)


class Paged(Protocol[R_co]):
    """Records that can be gone through."""

    def page(self, *, limit: int, start: str | None = None) -> Page[R_co]:
        """Newest first."""
        ...


class DeadQueue(StrEnum):
    """The dead-letter queues, by what their letters came from."""

    SEND = "send"
    JOBS = "jobs"
    FEEDBACK = "feedback"


@dataclass(frozen=True)
class DeadLetter:
    """A message that failed too often; ``handle`` is how the queue knows it for as long as it is taken."""

    queue: DeadQueue
    body: str
    handle: str
    correlation: str | None = None


class DeadLetters(Protocol):
    """The dead-letter queues."""

    def take(self, queue: DeadQueue) -> Iterator[DeadLetter]:
        """All that lie there, each once; nobody else sees those that were taken for some minutes."""
        ...

    def bring_back(self, letter: DeadLetter, message: str) -> None:
        """Send the message again where the letter came from, then remove the letter."""
        ...

    def leave(self, letter: DeadLetter) -> None:
        """Put it back, for others to see at once."""
        ...


@dataclass(frozen=True)
class StoredKeys:
    """The ring, and since when each key that was added later is in it."""

    ring: KeyRing
    added_at: Mapping[int, datetime] = field(default_factory=dict)


class KeyVault(Protocol):
    """The secret itself: never cached."""

    def read(self) -> StoredKeys:
        """The keys as stored."""
        ...

    def add(self, number: int, key: bytes, at: datetime) -> None:
        """Store one more key; it signs nothing yet."""
        ...

    def sign_with(self, number: int) -> None:
        """From now on this key signs; all the others go on verifying."""
        ...


class ListCounting(Protocol):
    """The counts of lists, and the members that they count."""

    def stored(self, list_id: str) -> ListCounts:
        """As stored."""
        ...

    def counted(self, list_id: str) -> ListCounts:
        """As they are on the list."""
        ...

    def mend(self, list_id: str, *, before: ListCounts, after: ListCounts) -> bool:
        """Store other counts, if they still are as before; answers whether they were."""
        ...
